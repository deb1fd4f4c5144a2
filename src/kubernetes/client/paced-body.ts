import type { IncomingMessage } from "node:http";
import { finished } from "node:stream";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { Pace } from "./pace.ts";
import { sleep, type Clock } from "./ports.ts";

/**
 * A few events are read as they come. A thousand, which the server sends one by one as it writes them, are read some at
 * a time: to be woken for each, to work out what follows from it and to tell others costs about as much as itself.
 */
const readingPace = { burst: 8, everyMs: 100 };

/**
 * What comes in an answer that goes on for minutes, as it comes while that is seldom. When part follows part there are
 * rests, in which its connection is not read at all, and what has come meanwhile is read together. Throws what ended the
 * answer before its end, or the signal's reason.
 */
export async function* readAtPace(
  answer: IncomingMessage,
  clock: Clock,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const pace = new Pace(readingPace);
  const come: Buffer[] = [];
  let news = Promise.withResolvers<void>();
  let end: { readonly error: Error | null | undefined } | undefined;
  answer.on("data", (part: Buffer) => {
    come.push(part);
    news.resolve();
  });
  finished(answer, (error) => {
    end = { error };
    news.resolve();
  });
  for (;;) {
    if (come.length === 0) {
      if (end?.error) throw end.error;
      if (end !== undefined) return;
      await news.promise;
      news = Promise.withResolvers();
      continue;
    }
    yield Buffer.concat(come.splice(0));
    await turnOfTheLoop();
    if (come.length > 0 || answer.complete || answer.destroyed) continue;
    const now = clock.now();
    const restMs = pace.restMs(now);
    pace.count(now);
    if (restMs === 0) continue;
    // An answer that is cut off during the rest may have let go of it.
    const { socket } = answer;
    socket.pause();
    await sleep(clock, restMs, signal);
    socket.resume();
    await turnOfTheLoop();
  }
}
