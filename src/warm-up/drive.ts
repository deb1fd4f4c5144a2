import { setTimeout as wait } from "node:timers/promises";

/** Waits until it is so; throws when all is over before. */
export type Until = (isSo: () => boolean) => Promise<void>;

/** A warm-up takes a second or two. */
const limitMs = 30_000;
const everyMs = 5;

/** Goes through the script while `run` runs, and ends `run` after it. Throws what either throws, or the signal's reason. */
export async function drive(
  run: (signal: AbortSignal) => Promise<void>,
  script: (until: Until) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal, AbortSignal.timeout(limitMs)]);
  const until: Until = async (isSo) => {
    while (!isSo()) {
      stop.throwIfAborted();
      await wait(everyMs);
    }
  };
  const running = run(stop).catch((error: unknown) => {
    over.abort(error);
    throw error;
  });
  // Whoever waits is told by `stop`, and all others below.
  running.catch(() => {});
  try {
    await script(until);
  } finally {
    over.abort();
    await running;
  }
}
