import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv6, type Prefix } from "../../net/index.ts";
import { formatCommunity, parseCommunity, type PathAttribute } from "./index.ts";
import { asnB, establish, hostRoutes, pair, prefix, received, type PairOptions } from "./simulated/simulated-pair.ts";

const keep = { inbound: "keep" } as const;

/** What B has of A's first route, once both have settled. */
async function attributesAt(options: PairOptions, attributes: Parameters<typeof routeWith>[0]) {
  const both = await pair({ ...options, b: { ...keep, ...options.b } });
  both.peerOfA.setRoutes([routeWith(attributes)]);
  establish(both);
  both.clock.advance(100);
  const [route] = both.peerOfB.receivedRoutes();
  return { ...both, attributes: route?.attributes ?? [] };
}

function routeWith(attributes: NonNullable<ReturnType<typeof hostRoutes>[number]["attributes"]>) {
  return { prefix: prefix("172.19.100.1/32"), attributes };
}

function valueOf(attributes: readonly PathAttribute[], type: PathAttribute["type"]): PathAttribute | undefined {
  return attributes.find((attribute) => attribute.type === type);
}

test("a link bandwidth, other extended communities and a longer AS_PATH arrive", async () => {
  const communities = [
    { type: "link-bandwidth", asn: 65211, bytesPerSecond: 125_000 },
    { type: "route-target", asn: 4_200_000_000, value: 7 },
  ] as const;
  const { attributes } = await attributesAt({}, { extendedCommunities: communities, prepend: 2 });
  assert.deepEqual(valueOf(attributes, "extended-communities"), { type: "extended-communities", values: communities });
  const path = { type: "as-path", segments: [{ type: "sequence", asns: [65211, 65211, 65211] }] };
  assert.deepEqual(valueOf(attributes, "as-path"), path);
});

test("one that leaves gracefully says so on all its routes, and takes it back", async () => {
  const both = await attributesAt({}, { communities: [0xfde80001] });
  const communities = () => valueOf([...both.peerOfB.receivedRoutes()][0]?.attributes ?? [], "communities");
  both.peerOfA.setGracefulShutdown(true);
  both.clock.advance(100);
  assert.deepEqual(communities(), { type: "communities", values: [0xfde80001, 0xffff0000] });
  both.peerOfA.setGracefulShutdown(false);
  both.clock.advance(100);
  assert.deepEqual(communities(), { type: "communities", values: [0xfde80001] });
});

test("within one AS, one that leaves gracefully lowers its local preference to 0", async () => {
  const options = { a: { localAsn: asnB, remoteAsn: "internal" }, b: { remoteAsn: "internal" } } as const;
  const both = await attributesAt(options, { localPref: 300 });
  both.peerOfA.setGracefulShutdown(true);
  both.clock.advance(100);
  const [route] = both.peerOfB.receivedRoutes();
  assert.deepEqual(valueOf(route?.attributes ?? [], "local-pref"), { type: "local-pref", value: 0 });
});

test("a peer of any other AS is taken as external, one of our own is not", async () => {
  const external = await pair({ a: { remoteAsn: "external" } });
  establish(external);
  const internal = await pair({ a: { remoteAsn: "internal" } });
  internal.clock.advance(5_000);
  const { lastError } = internal.peerOfA.status;
  assert.ok(lastError?.code === "notification.sent");
  assert.equal(lastError.notification.subcodeName, "Bad Peer AS");
});

test("an IPv4 route goes with an IPv6 next hop", async () => {
  const nextHop = ipv6((0x20010db8n << 96n) + 1n);
  const { attributes } = await attributesAt({ a: { nextHops: { 4: nextHop } } }, {});
  const reach = valueOf(attributes, "mp-reach");
  assert.ok(reach?.type === "mp-reach");
  assert.deepEqual([reach.family, reach.nextHop], [4, nextHop]);
});

test("asked to, a peer sends all its routes again, and what it no longer has goes", async () => {
  const both = await pair({ b: keep });
  both.peerOfA.setRoutes(hostRoutes(10));
  establish(both);
  both.clock.advance(100);
  const announced: number[] = [];
  both.peerOfB.onReceived((changes) => announced.push(changes.announced.length));
  assert.equal(both.peerOfB.requestRefresh(4), true);
  both.clock.advance(100);
  assert.deepEqual(announced, [10]);
  assert.equal(received(both.peerOfB).length, 10);
  assert.equal(both.peerOfB.status.prefixes.stale, 0);
  assert.equal(both.peerOfB.status.messagesReceived["route-refresh"], 2);
});

test("a route withdrawn while it is sent again is withdrawn", async () => {
  const both = await pair({ b: keep });
  both.peerOfA.setRoutes(hostRoutes(3));
  establish(both);
  both.clock.advance(100);
  both.peerOfB.requestRefresh(4);
  both.clock.advance(1);
  both.peerOfA.setRoutes(hostRoutes(1));
  both.clock.advance(100);
  assert.equal(received(both.peerOfB).length, 1);
});

test("with extended messages, 3,000 routes of IPv6 travel in one UPDATE", async () => {
  const extended = { extendedMessages: true, nextHops: { 6: ipv6(0xfdn << 120n) } };
  const both = await pair({ a: extended, b: { ...extended, ...keep } });
  const prefixes: Prefix[] = Array.from({ length: 3_000 }, (_, index) => {
    return { address: ipv6((0x20010db8n << 96n) + BigInt(index)), length: 128 };
  });
  both.peerOfA.setRoutes(prefixes.map((each) => ({ prefix: each })));
  establish(both);
  both.clock.advance(1_000);
  assert.equal(both.peerOfA.status.messagesSent.update, 1);
  assert.equal(received(both.peerOfB).length, 3_000);
});

test("only the right key gives a session", async () => {
  const right = await pair({ a: { md5Password: "secret" }, b: { md5Password: "secret" } });
  establish(right);
  const wrong = await pair({ a: { md5Password: "secret" }, b: { md5Password: "other" } });
  wrong.clock.advance(60_000);
  assert.equal(wrong.peerOfA.status.timesEstablished, 0);
});

test("a peer that takes nothing does not hold up our leaving for more than the bound", async () => {
  const both = await pair({ wire: { windowBytes: 100 } });
  establish(both);
  both.network.cut();
  both.peerOfA.setRoutes(hostRoutes(5_000));
  both.clock.advance(10);
  const stopped = both.a.stop({ drainMs: 60_000, withdrawMs: 2_000 });
  both.clock.advance(3_500);
  await stopped;
});

test("communities are read and written by the names that routers know them by", () => {
  assert.equal(formatCommunity(0xffff0000), "graceful-shutdown");
  assert.equal(formatCommunity(0xfde80001), "65000:1");
  assert.equal(parseCommunity("no-export"), 0xffffff01);
  assert.equal(parseCommunity("65000:1"), 0xfde80001);
  assert.equal(parseCommunity("65536:1"), undefined);
  assert.equal(parseCommunity("toString"), undefined);
});
