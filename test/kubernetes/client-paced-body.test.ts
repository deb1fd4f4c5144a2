import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { SimulatedClock } from "../../src/protocols/clock/index.ts";
import { Connection } from "../../src/kubernetes/client/connection.ts";
import { readAtPace } from "../../src/kubernetes/client/paced-body.ts";

const part = "x".repeat(1_000);

test("during a rest its connection is not read, and what came meanwhile is read together", async () => {
  await onStage(async ({ answer, send, clock, parts }) => {
    for (let count = 0; count < 9; count += 1) {
      send.write(part);
      assert.equal((await parts.next()).value?.length, part.length);
    }
    const rested = parts.next();
    await turns(10);
    const before = answer.socket.bytesRead;
    for (let count = 0; count < 50; count += 1) {
      send.write(part);
      await turns(2);
    }
    // One read there may be: the connection is paused by what comes.
    assert.ok(
      answer.socket.bytesRead - before < 5 * part.length,
      `${answer.socket.bytesRead - before} bytes were read`,
    );
    clock.advance(100);
    let [length, reads] = [(await rested).value?.length ?? 0, 1];
    for (; length < 50 * part.length; reads += 1) {
      const more = parts.next();
      await turns(10);
      clock.advance(100);
      length += (await more).value?.length ?? 0;
    }
    assert.ok(reads < 10, `it was read in ${reads} parts`);
  });
});

test("an answer that ends in good order is read to its end, and one that breaks off throws after what came", async () => {
  await onStage(async ({ send, parts }) => {
    send.end(part);
    assert.equal((await parts.next()).value?.length, part.length);
    assert.deepEqual(await parts.next(), { done: true, value: undefined });
  });
  await onStage(async ({ send, parts }) => {
    send.write(part);
    assert.equal((await parts.next()).value?.length, part.length);
    send.destroy();
    await assert.rejects(parts.next(), { code: "ECONNRESET" });
  });
});

test("who stops waiting during a rest is let go", async () => {
  await onStage(async ({ send, parts, stop }) => {
    for (let count = 0; count < 9; count += 1) {
      send.write(part);
      await parts.next();
    }
    const rested = parts.next();
    await turns(10);
    stop.abort(new Error("no more"));
    await assert.rejects(rested, { message: "no more" });
  });
});

interface OnStage {
  readonly answer: IncomingMessage;
  /** Where what is read comes from. */
  readonly send: ServerResponse;
  readonly clock: SimulatedClock;
  readonly parts: AsyncGenerator<Buffer, void, undefined>;
  readonly stop: AbortController;
}

async function onStage(story: (on: OnStage) => Promise<void>): Promise<void> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const access = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    insecureSkipTlsVerify: false,
    credentials: { current: () => Promise.resolve({}), rejected: () => false },
    namespace: "default",
    origin: "a test",
  };
  const clock = new SimulatedClock();
  const connection = new Connection(access, clock, "test");
  const stop = new AbortController();
  try {
    const asked = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>;
    const subject = { verb: "watch", kind: "Thing", key: undefined };
    const opened = connection.open({ method: "GET", path: "/", subject, limitMs: 60_000, signal: stop.signal });
    const [, send] = await asked;
    send.flushHeaders();
    const answer = await opened;
    await story({ answer, send, clock, parts: readAtPace(answer, clock, stop.signal), stop });
  } finally {
    connection.close();
    server.closeAllConnections();
    server.close();
  }
}

/** So that what was sent over the loopback has had its chance to be read. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}
