import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

test("what is seldom is done at once, however long it goes on", () => {
  const pace = new Pace({ burst: 3, everyMs: 50 });
  for (let now = 0; now < 10_000; now += 50) assert.equal(pace.next(now), 0);
});

test("so many follow each other at once, and the others keep their distance", () => {
  const pace = new Pace({ burst: 3, everyMs: 50 });
  assert.deepEqual([pace.next(0), pace.next(0), pace.next(0)], [0, 0, 0]);
  let now = 0;
  for (let index = 0; index < 10; index += 1) {
    const waitMs = pace.next(now);
    assert.equal(waitMs, 50);
    now += waitMs;
  }
});

test("after a rest all that may follow each other may do so again", () => {
  const pace = new Pace({ burst: 2, everyMs: 50 });
  const at = (now: number) => [pace.next(now), pace.next(now), pace.next(now)];
  assert.deepEqual(at(0), [0, 0, 50]);
  assert.deepEqual(at(1_000), [0, 0, 50]);
});
