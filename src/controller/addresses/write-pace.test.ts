import assert from "node:assert/strict";
import { test } from "node:test";
import { WritePace } from "./write-pace.ts";

/** How long each write of a block had to wait that is asked for so long after the one before was done. */
async function waitsOf(asked: readonly number[]): Promise<readonly number[]> {
  let nowMs = 0;
  let waitedMs = 0;
  const clock = {
    now: () => nowMs,
    wait: (ms: number) => {
      waitedMs += ms;
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const pace = new WritePace({ firstMs: 25, mostMs: 400 }, clock);
  const waits: number[] = [];
  for (const afterMs of asked) {
    nowMs += afterMs;
    waitedMs = 0;
    await pace.rest("v4-192.0.2.0");
    waits.push(waitedMs);
    pace.wrote("v4-192.0.2.0");
  }
  return waits;
}

for (const { name, asked, waits } of [
  { name: "the first does not wait", asked: [0], waits: [0] },
  {
    name: "while one follows the other, each pause is twice the last, up to a limit",
    asked: [0, 0, 0, 0, 0, 0, 0, 10],
    waits: [0, 25, 50, 100, 200, 400, 400, 390],
  },
  {
    name: "so it is where there is something each tenth of a second",
    asked: [0, 100, 100, 100, 100, 100],
    waits: [0, 0, 0, 0, 100, 300],
  },
  { name: "one that comes later begins anew", asked: [0, 0, 0, 300, 0], waits: [0, 25, 50, 0, 25] },
  { name: "what comes now and then does not wait", asked: [0, 300, 300, 300, 300, 300], waits: [0, 0, 0, 0, 0, 0] },
]) {
  test(`the pace of writes: ${name}`, async () => {
    assert.deepEqual(await waitsOf(asked), waits);
  });
}
