import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, World } from "./testing.ts";

test("nobody there: a packet each second, and none faster", () => {
  const world = new World();
  world.host(0).set({ transmitIntervalMs: 10 });
  world.clock.advance(100_000);
  const intervals = world.intervals(0);
  assert.ok(intervals.length >= 100 && intervals.every((ms) => ms >= 750 && ms <= 1_000));
  assert.ok(world.sent.every(({ packet }) => packet.desiredMinTxUs === 1_000_000 && packet.yourDiscriminator === 0));
});

for (const [detectMultiplier, most] of [
  [3, 50],
  [1, 45],
] as const) {
  test(`with multiplier ${detectMultiplier}, packets follow each other after 75 to ${most * 2} % of the interval`, () => {
    const [world] = World.up({ transmitIntervalMs: 50, receiveIntervalMs: 50, detectMultiplier });
    world.clock.advance(60_000);
    const intervals = world.intervals(0);
    assert.ok(intervals.every((ms) => ms >= 37.5 && ms <= most));
    const mean = intervals.reduce((sum, ms) => sum + ms, 0) / intervals.length;
    assert.ok(Math.abs(mean - (37.5 + most) / 2) < 1, `the mean is ${mean}`);
  });
}

test("the slower of what one wants to send and the other to receive counts, each way by itself", () => {
  const world = new World();
  const [a, b] = [world.host(0), world.host(1)];
  a.set({ transmitIntervalMs: 20, receiveIntervalMs: 200, detectMultiplier: 5 });
  b.set({ transmitIntervalMs: 100, receiveIntervalMs: 40, detectMultiplier: 3 });
  world.clock.advance(10_000);
  assert.deepEqual([a.status.transmitIntervalMs, b.status.transmitIntervalMs], [40, 200]);
  assert.deepEqual([a.status.detectionTimeMs, b.status.detectionTimeMs], [3 * 200, 5 * 40]);
});

test("intervals change in a running session, to the faster and to the slower, and it stays up", () => {
  const [world, a, b] = World.up();
  for (const ms of [50, 1_000, 10, 300]) {
    a.set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    b.set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    world.clock.advance(5_000);
    assert.deepEqual([a.status.transmitIntervalMs, b.status.transmitIntervalMs], [ms, ms]);
    assert.deepEqual([a.status.detectionTimeMs, b.status.detectionTimeMs], [3 * ms, 3 * ms]);
    assert.equal(world.sent.at(-1)?.packet.poll, false);
  }
  assert.deepEqual([a.status.timesDown, b.status.timesDown], [0, 0]);
});

test("until the neighbour has answered the Poll, a slower rate is not yet used", () => {
  const [world, a] = World.up();
  a.set({ transmitIntervalMs: 2_000, receiveIntervalMs: 100 });
  world.cable.isCut = true; // the first Poll is lost
  world.clock.advance(2);
  world.cable.isCut = false;
  assert.deepEqual([a.status.transmitIntervalMs, a.status.detectionTimeMs], [300, 900]);
  world.clock.advance(310);
  assert.deepEqual([a.status.transmitIntervalMs, a.status.detectionTimeMs], [2_000, 900]);
  assert.equal(a.status.timesDown, 0);
});

test("two changes at once are two Poll Sequences, with a packet without P between them", () => {
  const [world, a] = World.up();
  world.sent.length = 0;
  a.set({ transmitIntervalMs: 100 });
  a.set({ transmitIntervalMs: 200 });
  world.clock.advance(3_000);
  const polls = world.sent
    .filter(({ from, packet }) => from === addresses[0] && !packet.final)
    .map(({ packet }) => (packet.poll ? "P" : "-"));
  assert.match(polls.join(""), /^P+-P+-+$/);
  assert.ok(world.sent.every(({ packet }) => !(packet.poll && packet.final)));
});
