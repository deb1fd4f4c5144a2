import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "../../protocols/clock/index.ts";
import { AwaitedPaths } from "./awaited-paths.ts";

function awaiting(...names: string[]) {
  const clock = new SimulatedClock();
  let changes = 0;
  const paths = new AwaitedPaths(clock, () => changes++);
  paths.begin(names);
  return { clock, paths, changes: () => changes };
}

test("a peer waits until its path is seen, and no other for it", () => {
  const { paths, changes } = awaiting("a", "b");
  assert.deepEqual([paths.isMissing("a"), paths.isMissing("b"), paths.isMissing("c")], [true, true, false]);
  paths.seen("a");
  paths.seen("a");
  paths.seen("c");
  assert.deepEqual([paths.isMissing("a"), paths.isMissing("b"), paths.areMissing], [false, true, true]);
  assert.equal(changes(), 1);
});

test("a peer whose router speaks no BFD does not wait for ever", () => {
  const { clock, paths, changes } = awaiting("a");
  clock.advance(5_000);
  assert.deepEqual([paths.isMissing("a"), changes()], [false, 1]);
});

test("once all are seen nothing changes any more, and later peers never wait", () => {
  const { clock, paths, changes } = awaiting("a");
  paths.seen("a");
  paths.begin(["b"]);
  clock.advance(60_000);
  assert.deepEqual([paths.areMissing, changes()], [false, 1]);
});

test("the first plan may have nobody who waits", () => {
  const { clock, paths, changes } = awaiting();
  paths.begin(["b"]);
  clock.advance(60_000);
  assert.deepEqual([paths.areMissing, changes()], [false, 0]);
});
