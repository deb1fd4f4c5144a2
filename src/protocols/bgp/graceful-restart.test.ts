import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../../net/index.ts";
import type { Clock } from "../clock/index.ts";
import { encodeMessage } from "./codec/codec.ts";
import type { Peer, PeerConfig, Speaker } from "./index.ts";
import {
  addressA,
  addressB,
  asnA,
  asnB,
  establish,
  hostRoutes,
  pair,
  received,
  speaker,
} from "./simulated/simulated-pair.ts";
import type { PairOptions } from "./simulated/simulated-pair.ts";

const restarting = { gracefulRestart: { restartTimeMs: 15_000 } };

/** A and B with graceful restart, three routes of A at B; A can be killed, and another started in its place. */
async function restartable(a: Partial<PeerConfig> = restarting, b: Partial<PeerConfig> = restarting) {
  const both = await pair({ a: { passive: true }, b: { inbound: "keep" } } satisfies PairOptions);
  both.a.removePeer("b");
  both.b.removePeer("a");
  both.network.kill(addressA);
  both.clock.advance(2_000);
  const { clock, network } = both;
  let generation = 0;
  const start = async (count: number, isComplete = true, config = a): Promise<Peer> => {
    generation += 1;
    const own = generation;
    // A process that is killed does nothing more: its timers stand still.
    const mortal: Clock = {
      now: () => clock.now(),
      setTimer: (ms, run) => clock.setTimer(ms, () => void (generation === own && run())),
    };
    const started = speaker(mortal, network, addressA, asnA, 1);
    await started.listen();
    const peer = started.addPeer({ name: "b", remoteAddress: addressB, remoteAsn: asnB, ...config });
    peer.setRoutes(hostRoutes(count));
    if (isComplete) peer.tableComplete();
    stop = (options) => started.stop(options);
    return peer;
  };
  let stop: Speaker["stop"] = () => Promise.resolve();
  const peerOfA = await start(3);
  const peerOfB = both.b.addPeer({ name: "a", remoteAddress: addressA, remoteAsn: asnA, inbound: "keep", ...b });
  establish({ ...both, peerOfA, peerOfB });
  clock.advance(1_000);
  assert.equal(received(peerOfB).length, 3);
  /** Its machine is gone: nobody resets its connections. */
  const vanish = () => {
    generation += 1;
    network.forget(addressA);
  };
  const kill = () => {
    generation += 1;
    network.kill(addressA);
    clock.advance(10);
    assert.notEqual(peerOfB.state, "established");
  };
  return { ...both, peerOfA, peerOfB, start, kill, vanish, stop: ((...how) => stop(...how)) as Speaker["stop"] };
}

test("the routes of a killed speaker stay, and what its successor does not announce goes with End-of-RIB", async () => {
  const world = await restartable();
  const counts = new Set<number>();
  world.peerOfB.onChange(() => counts.add(received(world.peerOfB).length));
  world.kill();
  assert.deepEqual([received(world.peerOfB).length, world.peerOfB.status.prefixes.stale], [3, 3]);
  world.clock.advance(5_000);
  const withdrawn: number[] = [];
  world.peerOfB.onReceived((changes) => withdrawn.push(changes.withdrawn.length));
  const peer = await world.start(2, false);
  world.clock.advanceUntil(() => world.peerOfB.status.prefixes.stale === 1, 10_000);
  world.clock.advance(60_000);
  assert.equal(received(world.peerOfB).length, 3, "no End-of-RIB before the table is complete");
  peer.tableComplete();
  world.clock.advance(10);
  assert.equal(received(world.peerOfB).length, 2);
  assert.equal(Math.max(...withdrawn), 1);
  assert.deepEqual([...counts], [3], "there was never a moment with fewer");
});

test("the successor's OPEN says that it has restarted, and that forwarding has gone on", async () => {
  const world = await restartable();
  world.kill();
  await world.start(3);
  world.clock.advanceUntil(() => world.peerOfB.state === "established", 10_000);
  const restart = world.peerOfB.status.negotiated?.gracefulRestart;
  assert.deepEqual(restart, {
    peerIsRestarting: true,
    peerRestartTimeMs: 15_000,
    peerFamilies: [4, 6],
    peerForwarding: [4, 6],
    notifications: true,
  });
});

test("routes of a speaker that does not come back go when its restart time is over", async () => {
  const world = await restartable();
  world.kill();
  world.clock.advance(14_900);
  assert.equal(received(world.peerOfB).length, 3);
  world.clock.advance(200);
  assert.equal(received(world.peerOfB).length, 0);
});

test("a successor that never says End-of-RIB loses what it has not announced after the stale path time", async () => {
  const world = await restartable(restarting, { gracefulRestart: { stalePathMs: 60_000 } });
  world.kill();
  await world.start(2, false);
  world.clock.advance(50_000);
  assert.equal(received(world.peerOfB).length, 3);
  world.clock.advance(15_000);
  assert.equal(received(world.peerOfB).length, 2);
});

test("a successor without graceful restart starts from nothing", async () => {
  const world = await restartable();
  world.kill();
  await world.start(1, true, {});
  world.clock.advanceUntil(() => world.peerOfB.state === "established", 10_000);
  world.clock.advance(100);
  assert.equal(received(world.peerOfB).length, 1);
});

test("one that stops in good order says Hard Reset and why, and its routes go", async () => {
  const world = await restartable(restarting, { ...restarting, passive: true });
  const stopped = world.stop({ message: "maintenance" });
  world.clock.advance(1_500);
  await stopped;
  assert.equal(received(world.peerOfB).length, 0);
  const { lastError } = world.peerOfB.status;
  assert.ok(lastError?.code === "notification.received");
  assert.equal(lastError.notification.subcodeName, "Hard Reset");
  assert.equal(lastError.notification.inner?.subcodeName, "Administrative Shutdown");
  assert.equal(lastError.notification.inner?.shutdownMessage, "maintenance");
});

test("one that stops silently leaves its routes to its successor, as one that was killed", async () => {
  const world = await restartable(restarting, { ...restarting, passive: true });
  const counts = new Set<number>();
  world.peerOfB.onChange(() => counts.add(received(world.peerOfB).length));
  const stopped = world.stop({ silently: true, drainMs: 1_000 });
  world.clock.advance(100);
  await stopped;
  assert.equal(world.peerOfB.status.lastError?.code, "connection.closed");
  assert.equal(world.peerOfB.status.prefixes.stale, 3);
  await world.start(3);
  world.clock.advanceUntil(() => world.peerOfB.status.prefixes.stale === 0, 10_000);
  assert.deepEqual([...counts], [3], "there was never a moment with fewer");
});

test("the hold timer, too, leaves the routes where both sides can RFC 8538", async () => {
  const world = await restartable({ ...restarting, holdTimeMs: 9_000 });
  world.network.cut();
  world.clock.advance(9_500);
  assert.equal(world.peerOfB.status.lastError?.code, "notification.sent");
  assert.equal(received(world.peerOfB).length, 3);
  world.network.mend();
  world.clock.advance(20_000);
  assert.equal(world.peerOfB.state, "established");
  assert.equal(world.peerOfB.status.prefixes.stale, 0);
  assert.equal(received(world.peerOfB).length, 3);
});

test("a new connection takes the place of a session that the other side has lost without a word", async () => {
  const world = await restartable(restarting, { ...restarting, passive: true });
  world.vanish();
  assert.equal(world.peerOfB.state, "established");
  await world.start(2);
  world.clock.advanceUntil(() => world.peerOfB.status.timesEstablished === 2, 10_000);
  world.clock.advance(100);
  assert.equal(world.peerOfB.state, "established");
  assert.equal(received(world.peerOfB).length, 2);
});

test("a connection that the other side gives up takes no session's place, however late its OPEN comes", async () => {
  const world = await restartable(restarting, { ...restarting, passive: true });
  const context = { fourOctetAs: true };
  const lost = { type: "notification", code: 6, subcode: 7, data: new Uint8Array() } as const;
  const open = { type: "open", asn: asnA, holdTimeSeconds: 90, routerId: ipv4(1), capabilities: [] } as const;
  const gaveUp = world.network.host(addressA).dial(
    { remote: { address: addressB, port: 179 } },
    {
      failed: () => assert.fail("nobody listens"),
      connected: (connection) => {
        connection.open({ received() {}, drained() {}, ended: () => connection.end(), closed() {} });
        connection.write(encodeMessage(open, context));
        connection.write(encodeMessage(lost, context));
        connection.end();
      },
    },
  );
  world.clock.advance(100);
  gaveUp.cancel();
  const { state, timesEstablished, prefixes } = world.peerOfB.status;
  assert.deepEqual([state, timesEstablished, prefixes.stale], ["established", 1, 0]);
});
