import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

function next(pace: Pace, now: number): number {
  const restMs = pace.restMs(now);
  pace.count(now);
  return restMs;
}

test("what is seldom is done at once, however long it goes on", () => {
  const pace = new Pace({ burst: 3, everyMs: 50 });
  for (let now = 0; now < 10_000; now += 50) assert.equal(next(pace, now), 0);
});

test("so many follow each other at once, and the others keep their distance", () => {
  const pace = new Pace({ burst: 3, everyMs: 50 });
  assert.deepEqual([next(pace, 0), next(pace, 0), next(pace, 0)], [0, 0, 0]);
  let now = 0;
  for (let index = 0; index < 10; index += 1) {
    const waitMs = next(pace, now);
    assert.equal(waitMs, 50);
    now += waitMs;
  }
});

test("after a rest all that may follow each other may do so again", () => {
  const pace = new Pace({ burst: 2, everyMs: 50 });
  const at = (now: number) => [next(pace, now), next(pace, now), next(pace, now)];
  assert.deepEqual(at(0), [0, 0, 50]);
  assert.deepEqual(at(1_000), [0, 0, 50]);
});

test("who is refused, and does not do it, is let in as soon as a place is free", () => {
  const pace = new Pace({ burst: 1, everyMs: 50 });
  pace.count(0);
  for (let now = 0; now < 50; now += 10) assert.equal(pace.restMs(now), 50 - now);
  assert.equal(pace.restMs(50), 0);
});
