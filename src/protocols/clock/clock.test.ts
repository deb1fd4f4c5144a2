import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SimulatedClock, systemClock } from "./index.ts";

test("simulated timers run in the order of their time, then of their setting, each at its own time", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 30 }), (delays) => {
      const clock = new SimulatedClock();
      const ran: [number, number][] = [];
      for (const [index, ms] of delays.entries()) clock.setTimer(ms, () => ran.push([clock.now(), index]));
      clock.advance(20);
      const expected = delays
        .map((ms, index): [number, number] => [ms, index])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(ran, expected);
    }),
  );
});

test("a cancelled timer never runs, one set by a timer runs in the same advance if it falls due", () => {
  const clock = new SimulatedClock();
  const ran: string[] = [];
  clock.setTimer(5, () => ran.push("cancelled")).cancel();
  clock.setTimer(1, () => clock.setTimer(2, () => ran.push(`nested at ${clock.now()}`)));
  clock.advance(10);
  assert.deepEqual(ran, ["nested at 3"]);
  assert.equal(clock.now(), 10);
});

test("advanceUntil says how long it took, and throws when the bound is reached", () => {
  const clock = new SimulatedClock();
  let done = false;
  clock.setTimer(7, () => (done = true));
  assert.equal(
    clock.advanceUntil(() => done, 100),
    7,
  );
  assert.throws(() => clock.advanceUntil(() => false, 100));
});

test("the system's clock runs its timers and never goes back", async () => {
  const before = systemClock.now();
  systemClock.setTimer(60_000, () => assert.fail("was cancelled")).cancel();
  await new Promise<void>((resolve) => void systemClock.setTimer(1, resolve));
  assert.ok(systemClock.now() > before);
});
