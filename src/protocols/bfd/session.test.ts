import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, Played, World } from "./testing.ts";

test("two sides come up by Down, Init and Up, and tell each other's discriminators", () => {
  const world = new World();
  const [a, b] = [world.host(0), world.host(1)];
  a.set();
  b.set();
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 2_000);
  assert.equal(a.changes.at(-1)?.state, "up");
  assert.ok(a.changes.every(({ state }) => state === "init" || state === "up"));
  world.clock.advance(1_000);
  assert.equal(a.status.remoteDiscriminator, b.status.localDiscriminator);
  assert.equal(b.status.remoteDiscriminator, a.status.localDiscriminator);
  assert.deepEqual([a.status.detectionTimeMs, b.status.detectionTimeMs], [900, 900]);
});

test("the cable is cut: both are Down within their detection time, by its expiry, and come back when it is mended", () => {
  const [world, a, b] = World.up();
  world.cable.isCut = true;
  const cutAt = world.clock.now();
  world.clock.advanceUntil(() => a.state === "down" && b.state === "down", 901);
  for (const host of [a, b]) {
    const change = host.changes.at(-1);
    assert.equal(change?.diagnostic, "detection-time-expired");
    assert.ok(change !== undefined && change.atMs > cutAt + 600 - 2);
    assert.equal(host.status.remoteDiscriminator, 0);
  }
  world.cable.isCut = false;
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 3_000);
  assert.equal(a.status.timesDown, 1);
});

test("cut one way only: the deaf side says so, and the other goes down with it", () => {
  let isDeaf = false;
  const [world, a, b] = World.up({}, { loses: (_, from) => isDeaf && from === addresses[1] });
  isDeaf = true;
  world.clock.advanceUntil(() => a.state === "down" && b.state === "down", 1_000);
  assert.equal(a.changes.at(-1)?.diagnostic, "detection-time-expired");
  assert.equal(b.changes.at(-1)?.diagnostic, "neighbor-signaled-down");
});

for (const [lost, outcome] of [
  [2, "stays up"],
  [3, "goes down"],
] as const) {
  test(`with multiplier 3, a session of which ${lost} packets in a row are lost ${outcome}`, () => {
    let left = 0;
    const [world, a, b] = World.up({}, { loses: (_, from) => from === addresses[1] && left-- > 0 });
    for (let round = 0; round < 20; round++) {
      left = lost;
      world.clock.advance(3_000);
    }
    assert.equal(a.status.timesDown > 0, outcome === "goes down");
    assert.equal(b.status.timesDown, a.status.timesDown);
  });
}

test("a host that restarts is known again at once, under its new discriminator", () => {
  const [world, a, old] = World.up();
  const before = a.status.remoteDiscriminator;
  old.kill();
  const b = world.host(1);
  b.set();
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 3_000);
  assert.notEqual(a.status.remoteDiscriminator, before);
  assert.deepEqual(
    a.changes.slice(-2).map(({ state, diagnostic }) => `${state}: ${diagnostic}`),
    ["down: neighbor-signaled-down", "up: none"],
  );
});

test("ended on purpose: the neighbour goes down and hears that nothing is wrong; taken up again, it comes back", () => {
  const [world, a, b] = World.up();
  a.system.setSessions([]);
  world.clock.advance(2);
  const change = b.changes.at(-1);
  assert.deepEqual(
    [change?.state, change?.diagnostic, change?.remoteState, b.status.remoteDiagnostic],
    ["down", "neighbor-signaled-down", "admin-down", "administratively-down"],
  );
  a.set();
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 3_000);
});

test("stopped: AdminDown has gone out before it is over", () => {
  const [world, a, b] = World.up();
  let isDone = false;
  a.system.stop(() => (isDone = true));
  world.clock.advanceUntil(() => isDone, 1_000);
  assert.equal(b.status.remoteState, "admin-down");
  const count = world.sent.filter(({ from }) => from === addresses[0]).length;
  world.clock.advance(10_000);
  assert.equal(world.sent.filter(({ from }) => from === addresses[0]).length, count);
});

test("a passive side is silent until spoken to; two of them never meet", () => {
  const world = new World();
  const [a, b] = [world.host(0), world.host(1)];
  a.set({ passive: true });
  b.set({ passive: true });
  world.clock.advance(10_000);
  assert.deepEqual(world.sent, []);
  b.set({ passive: false });
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 3_000);
  world.cable.isCut = true;
  world.clock.advance(10_000);
  world.sent.length = 0;
  world.clock.advance(10_000);
  assert.ok(world.sent.every(({ from }) => from === addresses[1]));
});

test("stopped: a neighbour with a detection time of days does not hold up the end", () => {
  const played = new Played();
  played.say({ detectMultiplier: 255, desiredMinTxUs: 0xffffffff });
  let isDone = false;
  played.host.system.stop(() => (isDone = true));
  played.world.clock.advanceUntil(() => isDone, 10_000);
  assert.ok(played.sent.filter(({ state }) => state === "admin-down").length >= 3, "it had time to hear it");
});

test("a session that gets another name stays up, and whoever goes by the new one is told so", () => {
  const [, a] = World.up();
  a.set({ name: "another" });
  assert.deepEqual([a.status.name, a.state, a.status.timesDown], ["another", "up", 0]);
  const { name, state, previous } = a.changes.at(-1) ?? {};
  assert.deepEqual([name, state, previous], ["another", "up", "down"]);
});

test("while a session of another path says its goodbye, the neighbour's first packet is for the one that is wanted", () => {
  const played = new Played();
  played.host.set({ localAddress: addresses[0] });
  played.say({ yourDiscriminator: 0, state: "down" });
  assert.equal(played.host.state, "init");
});
