import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../../net/index.ts";
import { resolveSessions } from "./config.ts";
import { decodeEchoPacket, encodeEchoPacket } from "./echo-packet.ts";
import { Played, World } from "./testing.ts";

const echoing = { transmitIntervalMs: 300, receiveIntervalMs: 300, echoIntervalMs: 50 };

test("echo packets run beside a session that is up, and control packets become rare (RFC 5880 §6.8.3)", () => {
  const [world, a, b] = World.up(echoing);
  for (const { status } of [a, b]) {
    assert.deepEqual([status.isEchoActive, status.echoIntervalMs], [true, 50]);
    assert.deepEqual([status.transmitIntervalMs, status.detectionTimeMs], [1_000, 3_000]);
  }
  const { echoPacketsSent, echoPacketsReceived } = a.status;
  world.clock.advance(10_000);
  const sent = a.status.echoPacketsSent - echoPacketsSent;
  assert.ok(sent >= 200 && sent <= 267, `${sent} in 10 s are not each after 75 to 100 % of 50 ms`);
  assert.ok(a.status.echoPacketsReceived - echoPacketsReceived >= sent - 1);
  assert.deepEqual([a.status.timesDown, b.status.timesDown], [0, 0]);
});

test("echo packets stop coming back while control packets flow: Down, with the diagnostic of the Echo function", () => {
  const [world, a, b] = World.up(echoing);
  world.cable.losesEcho = true;
  const cutAt = world.clock.now();
  world.clock.advanceUntil(() => a.state === "down" && b.state === "down", 200);
  const first = [...a.changes, ...b.changes].find(({ state, atMs }) => state === "down" && atMs > cutAt);
  assert.equal(first?.diagnostic, "echo-failed");
  world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 5_000);
  world.clock.advance(10_000);
  assert.deepEqual([a.state, a.status.isEchoActive], ["up", false], "control packets watch the path alone meanwhile");
  assert.equal(a.status.detectionTimeMs, 900);
  world.cable.losesEcho = false;
  world.clock.advanceUntil(() => a.status.isEchoActive && b.status.isEchoActive, 2_000);
});

test("the cable is cut: Down within three echo intervals, though control packets come once a second", () => {
  const [world, a, b] = World.up(echoing);
  world.cable.isCut = true;
  world.clock.advanceUntil(() => a.state === "down" && b.state === "down", 160);
});

test("echo is asked for and given up in a running session, and it stays up", () => {
  const [world, a, b] = World.up();
  a.set({ echoIntervalMs: 20 });
  b.set({ echoIntervalMs: 60 });
  world.clock.advance(5_000);
  assert.deepEqual([a.status.echoIntervalMs, b.status.echoIntervalMs], [60, 60], "the slower of both counts");
  a.set({ echoIntervalMs: 100 });
  world.clock.advance(5_000);
  assert.deepEqual([a.status.echoIntervalMs, b.status.echoIntervalMs], [100, 100]);
  a.set({});
  world.clock.advance(5_000);
  for (const { status } of [a, b]) {
    assert.deepEqual([status.echoIntervalMs, status.isEchoActive, status.detectionTimeMs], [undefined, false, 900]);
    assert.equal(status.timesDown, 0);
  }
});

test("no echo packet is sent to a neighbour that says it loops none (RFC 5880 §6.8.9)", () => {
  const played = new Played({ echoIntervalMs: 50 });
  for (let count = 0; count < 10; count++) {
    played.say({ requiredMinEchoRxUs: 0 });
    played.world.clock.advance(200);
  }
  assert.equal(played.host.status.echoPacketsSent, 0);
  played.say({ requiredMinEchoRxUs: 1 });
  played.world.clock.advance(200);
  assert.ok(played.host.status.echoPacketsSent > 0);
});

test("an echo packet keeps its numbers through encoding; what is none of ours is none", () => {
  const packet = { discriminator: 0xffffffff, sequenceNumber: 0, nonce: 7 };
  assert.deepEqual(decodeEchoPacket(encodeEchoPacket(packet)), packet);
  for (const bytes of [new Uint8Array(), new Uint8Array(16), Uint8Array.of(1, 24, ...new Uint8Array(22))]) {
    assert.equal(decodeEchoPacket(bytes), undefined);
  }
});

test("echo over several hops is refused (RFC 5883 §3)", () => {
  const config = { name: "far", remoteAddress: ipv4(1), hops: "multi", echoIntervalMs: 50 } as const;
  assert.throws(() => resolveSessions([config]), /session far: echoIntervalMs 50: is for a single hop/);
});
