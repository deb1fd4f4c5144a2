import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4, ipv6 } from "../../../net/index.ts";
import { SimulatedClock } from "../../clock/index.ts";
import { SimulatedNetwork } from "../simulated/simulated-network.ts";
import {
  addressA,
  addressB,
  asnA,
  asnB,
  bothEstablished,
  establish,
  hostRoutes,
  pair,
  prefix,
  received,
  speaker,
  type PairOptions,
} from "../simulated/simulated-pair.ts";

test("a session comes up within a second and says what was negotiated", async () => {
  const both = await pair({ a: { holdTimeMs: 30_000 } });
  assert.ok(establish(both) < 1_000);
  const { negotiated } = both.peerOfA.status;
  assert.equal(negotiated?.peerAsn, asnB);
  assert.equal(negotiated?.holdTimeMs, 30_000);
  assert.equal(negotiated?.keepaliveMs, 10_000);
  assert.deepEqual(negotiated?.families, [4, 6]);
  assert.equal(negotiated?.fourOctetAs, true);
  assert.equal(both.peerOfB.status.negotiated?.peerAsn, asnA);
});

test("an idle session stays up by keepalives alone", async () => {
  const both = await pair({ a: { holdTimeMs: 9_000 } });
  establish(both);
  both.clock.advance(600_000);
  assert.equal(both.peerOfA.status.timesEstablished, 1);
  assert.ok(bothEstablished(both));
  const { keepalive } = both.peerOfA.status.messagesSent;
  assert.ok(keepalive >= 200 && keepalive <= 270, `${keepalive} in 600 s at 3 s with jitter`);
});

test("keepalives are a second apart at the least, whatever is asked for", async () => {
  const both = await pair({ a: { holdTimeMs: 3_000, keepaliveMs: 100 } });
  establish(both);
  const before = both.peerOfA.status.messagesSent.keepalive;
  both.clock.advance(60_000);
  const sent = both.peerOfA.status.messagesSent.keepalive - before;
  assert.ok(sent >= 55 && sent <= 60, `${sent} in 60 s`);
});

test("a hold time of zero means no keepalives and no expiry", async () => {
  const both = await pair({ a: { holdTimeMs: 0 } });
  establish(both);
  both.network.cut();
  both.clock.advance(3_600_000);
  assert.ok(bothEstablished(both));
  assert.equal(both.peerOfA.status.messagesSent.keepalive, 1);
});

for (const [idA, idB] of [
  [1, 2],
  [2, 1],
] as const) {
  test(`when both dial, one connection stays: identifiers ${idA} and ${idB}`, async () => {
    const both = await pair({ b: { passive: false }, idA, idB });
    establish(both);
    both.clock.advance(20_000);
    assert.ok(bothEstablished(both));
    assert.deepEqual([both.peerOfA.status.timesEstablished, both.peerOfB.status.timesEstablished], [1, 1]);
    // RFC 4271 §6.8: the one that the speaker with the higher identifier opened.
    const { local, remote } = both.peerOfA.status;
    assert.equal(idA > idB ? remote?.port : local?.port, 179);
    assert.equal(both.peerOfA.status.lastError, undefined, "a collision is no error");
    assert.equal(both.peerOfB.status.lastError, undefined, "a collision is no error");
  });
}

test("when the link goes silent, both sides let the hold timer expire, and come back when it is mended", async () => {
  const both = await pair({ a: { holdTimeMs: 9_000 } });
  both.peerOfA.setRoutes(hostRoutes(3));
  establish(both);
  both.clock.advance(1_000);
  both.network.cut();
  both.clock.advance(12_000);
  for (const peer of [both.peerOfA, both.peerOfB]) {
    const { state, lastError } = peer.status;
    assert.notEqual(state, "established");
    assert.ok(lastError !== undefined);
  }
  assert.deepEqual(both.peerOfB.status.lastError?.code, "notification.sent");
  both.network.mend();
  establish(both, 20_000);
  both.clock.advance(100);
  assert.equal(both.peerOfB.status.prefixes.received.announced, 3);
});

test("a peer that is down is tried again after 1, 2, 4, 8, 8 seconds, each less up to a quarter", async () => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  const a = speaker(clock, network, addressA, asnA, 1);
  const peer = a.addPeer({ name: "b", remoteAddress: addressB, remoteAsn: asnB });
  const times: number[] = [];
  for (let attempt = 2; attempt <= 6; attempt++) {
    times.push(clock.advanceUntil(() => peer.status.connectAttempts === attempt, 60_000));
  }
  assert.deepEqual(times, [875, 1_750, 3_500, 7_000, 7_000]);
  assert.equal(peer.status.lastError?.code, "transport.refused");
  assert.equal(peer.state, "connect");
});

test("a peer that does not answer at all is dialled afresh, and says that it timed out", async () => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock);
  network.cut();
  const peer = speaker(clock, network, addressA, asnA, 1).addPeer({
    name: "b",
    remoteAddress: addressB,
    remoteAsn: asnB,
  });
  clock.advance(5_000);
  assert.equal(peer.status.lastError?.code, "transport.timed-out");
  assert.ok(peer.status.connectAttempts >= 3);
});

test("another AS number than configured is refused, and both sides say so", async () => {
  const both = await pair({ a: { remoteAsn: 65_000 } });
  both.clock.advance(500);
  const [ofA, ofB] = [both.peerOfA.status, both.peerOfB.status];
  assert.ok(ofA.lastError?.code === "notification.sent");
  assert.equal(ofA.lastError.notification.subcodeName, "Bad Peer AS");
  assert.ok(ofB.lastError?.code === "notification.received");
  assert.deepEqual([ofB.lastError.notification.code, ofB.lastError.notification.subcode], [2, 2]);
  assert.equal(ofA.state, "active");
});

test("two speakers of one AS with one identifier refuse each other", async () => {
  const both = await pair({ a: { localAsn: asnB }, b: { remoteAsn: asnB }, idA: 7, idB: 7 });
  both.clock.advance(500);
  const { lastError } = both.peerOfA.status;
  assert.ok(lastError?.code.startsWith("notification.") && "notification" in lastError);
  assert.equal(lastError.notification.subcodeName, "Bad BGP Identifier");
});

test("routes set before and after the session is up arrive; those taken away are withdrawn", async () => {
  const both = await pair({ a: { nextHops: { 6: ipv6(0xfdn << 120n) } }, b: { inbound: "keep" } });
  both.peerOfA.setRoutes([{ prefix: prefix("192.0.2.1/32") }, { prefix: prefix("2001:db8::/32") }]);
  establish(both);
  both.clock.advance(10);
  assert.deepEqual(received(both.peerOfB), ["192.0.2.1/32", "2001:db8::/32"]);
  both.peerOfA.changeRoutes({ announce: [{ prefix: prefix("192.0.2.2/32") }], withdraw: [prefix("2001:db8::/32")] });
  both.clock.advance(10);
  assert.deepEqual(received(both.peerOfB), ["192.0.2.1/32", "192.0.2.2/32"]);
  both.peerOfA.setRoutes([]);
  both.clock.advance(10);
  assert.deepEqual(received(both.peerOfB), []);
  assert.deepEqual(both.peerOfA.status.prefixes.sent, { 4: 0, 6: 0 });
});

test("what changes in one turn goes out in one UPDATE; what changes back in it does not go out", async () => {
  const both = await pair();
  establish(both);
  both.clock.advance(10);
  for (const route of hostRoutes(50)) both.peerOfA.changeRoutes({ announce: [route] });
  const [first] = hostRoutes(1);
  assert.ok(first);
  both.peerOfA.changeRoutes({ withdraw: [first.prefix] });
  both.clock.advance(10);
  assert.equal(both.peerOfA.status.messagesSent.update, 1);
  assert.equal(both.peerOfB.status.prefixes.received.announced, 49);
});

test("IPv6 routes over an IPv4 session are withheld, with the reason, while no next hop is known for them", async () => {
  const both = await pair();
  both.peerOfA.setRoutes([{ prefix: prefix("2001:db8::/32") }, { prefix: prefix("192.0.2.0/24") }]);
  establish(both);
  both.clock.advance(10);
  assert.deepEqual(both.peerOfA.status.prefixes.withheld, [{ family: 6, count: 1, code: "no-next-hop" }]);
  assert.equal(both.peerOfB.status.prefixes.received.announced, 1);
});

test("100,000 routes go through a narrow transport, which never holds more than its window and a message", async () => {
  const both = await pair({ wire: { windowBytes: 8_192, chunkBytes: 1_460 } });
  establish(both);
  both.peerOfA.setRoutes(hostRoutes(100_000));
  both.clock.advance(0);
  const { bytesSent } = both.peerOfA.status;
  assert.ok(bytesSent < 8_192 + 4_096 + 1_000, `${bytesSent} bytes written in the first turn`);
  both.clock.advanceUntil(() => both.peerOfB.status.prefixes.received.announced === 100_000, 60_000);
  assert.equal(both.peerOfA.status.messagesSent.update, Math.ceil(100_000 / 810));
  assert.equal(both.peerOfA.status.prefixes.pending, 0);
});

test("the local preference goes to a peer of our own AS only", async () => {
  const attributes = { localPref: 150, med: 20, communities: [0xfde80001], largeCommunities: [[1, 2, 3] as const] };
  const typesAt = async (options: PairOptions) => {
    const both = await pair(options);
    both.peerOfA.setRoutes([{ prefix: prefix("192.0.2.0/24"), attributes }]);
    establish(both);
    both.clock.advance(10);
    const [route] = [...both.peerOfB.receivedRoutes()];
    return route?.attributes.map(({ type }) => type);
  };
  const keep = { inbound: "keep" } as const;
  const external = ["origin", "as-path", "next-hop", "multi-exit-disc", "communities", "large-communities"];
  assert.deepEqual(await typesAt({ b: keep }), external);
  const internal = external.toSpliced(4, 0, "local-pref");
  assert.deepEqual(await typesAt({ a: { localAsn: asnB }, b: { ...keep, remoteAsn: asnB } }), internal);
});

test("stopped in good order, a speaker withdraws, waits, says that it shuts down, and closes", async () => {
  const both = await pair();
  both.peerOfA.setRoutes(hostRoutes(1_000));
  establish(both);
  both.clock.advance(10);
  const stopped = both.a.stop({ drainMs: 500 });
  both.clock.advance(499);
  assert.equal(both.peerOfB.status.prefixes.received.withdrawn, 1_000);
  assert.equal(both.peerOfB.state, "established");
  both.clock.advance(10);
  await stopped;
  const { lastError, state } = both.peerOfB.status;
  assert.notEqual(state, "established");
  assert.ok(lastError?.code === "notification.received");
  assert.equal(lastError.notification.subcodeName, "Administrative Shutdown");
  assert.equal(both.peerOfA.state, "idle");
});

test("an aborted stop cuts the waiting short, but not the word of farewell", async () => {
  const both = await pair();
  establish(both);
  const abort = new AbortController();
  const stopped = both.a.stop({ drainMs: 3_600_000 }, abort.signal);
  both.clock.advance(1_000);
  abort.abort();
  both.clock.advance(1_100);
  await stopped;
  assert.equal(both.peerOfB.status.lastError?.code, "notification.received");
});

test("a speaker stops also while its peers are away or silent", async () => {
  const both = await pair();
  establish(both);
  both.network.cut();
  const stopped = both.a.stop({ drainMs: 100 });
  both.clock.advance(1_200);
  await stopped;
  const alone = speaker(both.clock, both.network, ipv4(0x0a000009), 1, 9);
  alone.addPeer({ name: "nobody", remoteAddress: addressB, remoteAsn: asnB });
  await alone.stop();
});

for (const state of ["connect", "open-sent", "open-confirm", "established"] as const) {
  test(`a peer that is removed while its session is in ${state} is never dialled again`, async () => {
    const both = await pair();
    both.clock.advanceUntil(() => both.peerOfA.state === state, 10_000);
    assert.equal(both.peerOfA.state, state);
    both.a.removePeer("b");
    both.clock.advance(100);
    const { messagesReceived } = both.peerOfB.status;
    both.clock.advance(600_000);
    assert.notEqual(both.peerOfB.state, "established");
    assert.deepEqual(both.peerOfB.status.messagesReceived, messagesReceived);
  });
}

test("a peer whose configuration changes gets a new session and keeps its routes; the others keep theirs", async () => {
  const both = await pair();
  both.peerOfA.setRoutes(hostRoutes(2));
  establish(both);
  both.clock.advance(10);
  const config = { name: "b", remoteAddress: addressB, remoteAsn: asnB };
  both.a.setPeers([config]);
  assert.equal(both.a.peers.get("b"), both.peerOfA);
  both.a.setPeers([{ ...config, holdTimeMs: 30_000 }]);
  both.clock.advanceUntil(() => both.peerOfB.status.timesEstablished === 2, 10_000);
  both.clock.advance(10);
  assert.equal(both.peerOfB.status.negotiated?.holdTimeMs, 30_000);
  assert.equal(both.peerOfB.status.prefixes.received.announced, 2);
  both.a.setPeers([]);
  both.clock.advance(10);
  const { lastError } = both.peerOfB.status;
  assert.ok(lastError?.code === "notification.received");
  assert.equal(lastError.notification.subcodeName, "Peer De-configured");
});

test("two peers of one name or address, and impossible values, are refused with the field and what would be right", () => {
  const clock = new SimulatedClock();
  const a = speaker(clock, new SimulatedNetwork(clock), addressA, asnA, 1);
  const config = { name: "b", remoteAddress: addressB, remoteAsn: asnB };
  a.addPeer(config);
  assert.throws(() => a.addPeer(config), /peer b: there are two of this name/);
  assert.throws(() => a.addPeer({ ...config, name: "c" }), /remoteAddress 10\.0\.0\.2 is that of peer b/);
  assert.throws(() => a.setPeers([{ ...config, holdTimeMs: 2_000 }]), /holdTimeMs 2000: is 0, or 3000 to/);
  assert.throws(() => a.setPeers([{ ...config, remoteAsn: 0 }]), /remoteAsn 0/);
  assert.equal(a.peers.size, 1);
});

test("a connection from a stranger is dropped without a word, one that is too many is told so", async () => {
  const both = await pair();
  establish(both);
  const { clock, network } = both;
  const outcome: string[] = [];
  const dialFrom = (address: typeof addressA) =>
    network.host(address).dial(
      { remote: { address: addressB, port: 179 } },
      {
        failed: () => outcome.push("failed"),
        connected: (connection) =>
          connection.open({
            received: (bytes) => void outcome.push(Buffer.from(bytes).toString("hex", 18)),
            drained() {},
            ended: () => connection.end(),
            closed: (error) => void outcome.push(error?.code ?? "closed"),
          }),
      },
    );
  dialFrom(ipv4(0x0a000063));
  clock.advance(10);
  assert.deepEqual(outcome.splice(0), ["transport.reset"]);
  dialFrom(addressA);
  clock.advance(10);
  assert.deepEqual(outcome, ["030607", "closed"]);
  assert.ok(bothEstablished(both));
});

test("a peer whose path has failed is told so, and has a new session and its routes after", async () => {
  const both = await pair({ b: { inbound: "keep" } });
  both.peerOfA.setRoutes(hostRoutes(1));
  establish(both);
  both.a.resetPeer("b");
  both.clock.advanceUntil(() => both.peerOfB.state !== "established", 1_000);
  const { lastError } = both.peerOfB.status;
  assert.ok(lastError?.code === "notification.received");
  assert.equal(lastError.notification.subcodeName, "BFD Down");
  both.clock.advanceUntil(() => received(both.peerOfB).length === 1, 60_000);
});
