import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrefix, ipv4 } from "../../src/net/index.ts";
import { address, prefix } from "../../src/net/testing.ts";
import { tcpTransport } from "../../src/node/bgp/tcp-transport.ts";
import {
  describeSessionError,
  Speaker,
  type Peer,
  type PeerConfig,
  type Route,
} from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { Frr, until } from "./frr.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";

enterOwnNamespace();

/** A cable with our speaker at one end and FRR at the other. */
class World implements AsyncDisposable {
  readonly neighbour: Neighbour;
  readonly frr: Frr;
  readonly speaker: Speaker;
  readonly peer: Peer;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<World, "neighbour" | "frr" | "speaker" | "peer">, stack: AsyncDisposableStack) {
    this.neighbour = parts.neighbour;
    this.frr = parts.frr;
    this.speaker = parts.speaker;
    this.peer = parts.peer;
    this.#stack = stack;
  }

  /** `lines` are added to FRR's neighbour 10.0.0.1 (or `ours`), which is in AS 65211 unless they say otherwise. */
  static async start(lines: readonly string[], config: Partial<PeerConfig> = {}, ours = "10.0.0.1"): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const neighbour = stack.use(
      new Neighbour("frr", ["10.0.0.1/24", "2001:db8::1/64"], ["10.0.0.2/24", "2001:db8::2/64"]),
    );
    const frr = stack.use(await Frr.start(neighbour.name, frrConfiguration(ours, lines)));
    const speaker = new Speaker(
      { clock: systemClock, transport: tcpTransport },
      { asn: 65211, routerId: ipv4(0x0a000001), listen: [{ address: address(ours), port: 179 }] },
    );
    stack.defer(() => speaker.stop());
    await speaker.listen();
    const peer = speaker.addPeer({
      name: "frr",
      remoteAddress: address(ours === "10.0.0.1" ? "10.0.0.2" : "2001:db8::2"),
      remoteAsn: 65210,
      nextHops: { 4: address("10.0.0.1"), 6: address("2001:db8::1") },
      ...config,
    });
    return new World({ neighbour, frr, speaker, peer }, stack.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  established(boundMs?: number): Promise<void> {
    return until("the session is established", () => this.peer.state === "established", boundMs);
  }

  /** FRR's best paths of one family: prefix to path. */
  async routes(family: 4 | 6): Promise<Map<string, FrrPath>> {
    const shown = (await this.frr.show(`bgp ipv${family} unicast`)) as { routes?: Record<string, FrrPath[]> }; // FRR's form
    return new Map(Object.entries(shown.routes ?? {}).flatMap(([name, [path]]) => (path ? [[name, path]] : [])));
  }

  hasRoutes(family: 4 | 6, names: readonly string[]): Promise<void> {
    const wanted = [...names].sort().join();
    return until(`FRR has ${wanted || "no"} routes of IPv${family}`, async () => {
      return [...(await this.routes(family)).keys()].sort().join() === wanted;
    });
  }
}

interface FrrPath {
  readonly origin: string;
  readonly path: string;
  readonly locPrf?: number;
  readonly nexthops: readonly { readonly ip: string }[];
}

function frrConfiguration(ours: string, lines: readonly string[]): string {
  return `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor ${ours} remote-as 65211
 neighbor ${ours} timers connect 1
 ${lines.map((line) => (line.startsWith(" ") ? line : `neighbor ${ours} ${line}`)).join("\n ")}
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor ${ours} activate
 exit-address-family
 address-family ipv6 unicast
  neighbor ${ours} activate
 exit-address-family
`;
}

const both: readonly Route[] = [{ prefix: prefix("172.19.100.1/32") }, { prefix: prefix("2001:db8:100::1/128") }];

test("we dial: IPv4 and IPv6 routes arrive at FRR as they should look, and are withdrawn again", async () => {
  await using world = await World.start(["passive"], { inbound: "keep" });
  world.peer.setRoutes(both);
  await world.established();
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  await world.hasRoutes(6, ["2001:db8:100::1/128"]);
  const [route4, route6] = [
    (await world.routes(4)).get("172.19.100.1/32"),
    (await world.routes(6)).get("2001:db8:100::1/128"),
  ];
  assert.deepEqual([route4?.origin, route4?.path, route4?.nexthops[0]?.ip], ["incomplete", "65211", "10.0.0.1"]);
  assert.deepEqual([route6?.origin, route6?.path, route6?.nexthops[0]?.ip], ["incomplete", "65211", "2001:db8::1"]);
  await until("FRR's route has come", () => {
    return [...world.peer.receivedRoutes()].some((route) => formatPrefix(route.prefix) === "198.51.100.0/24");
  });
  world.peer.setRoutes([]);
  await world.hasRoutes(4, ["198.51.100.0/24"]);
  await world.hasRoutes(6, []);
  assert.equal(world.peer.status.messagesSent.open, 1);
});

test("FRR dials: the session comes up and routes arrive", async () => {
  await using world = await World.start([], { passive: true });
  world.peer.setRoutes(both);
  await world.established();
  assert.equal(world.peer.status.connectAttempts, 0);
  assert.equal(world.peer.status.local?.port, 179);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
});

test("over IPv6: both families arrive", async () => {
  await using world = await World.start(["passive"], {}, "2001:db8::1");
  world.peer.setRoutes(both);
  await world.hasRoutes(6, ["2001:db8:100::1/128"]);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
});

test("both dial: one session stays, and it stays the same", async () => {
  await using world = await World.start([]);
  world.peer.setRoutes(both);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  const { timesEstablished } = world.peer.status;
  await new Promise((resolve) => void setTimeout(resolve, 3_000)); // FRR dials again after a second, if it wants to
  assert.equal(world.peer.state, "established");
  assert.equal(world.peer.status.timesEstablished, timesEstablished);
});

test("in one AS: the local preference and communities arrive", async () => {
  await using world = await World.start(["passive", "remote-as 65210"], { localAsn: 65210 });
  const attributes = {
    localPref: 250,
    communities: [(65000 << 16) >>> 0, 0xffffff01],
    largeCommunities: [[1, 2, 3]],
  } as const;
  world.peer.setRoutes([{ prefix: prefix("172.19.100.1/32"), attributes }]);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  const route = (await world.routes(4)).get("172.19.100.1/32");
  assert.deepEqual([route?.locPrf, route?.path], [250, ""]);
  const shown = await world.frr.vtysh("show bgp ipv4 unicast 172.19.100.1/32");
  assert.match(shown, /Community: 65000:0 no-export/);
  assert.match(shown, /Large Community: 1:2:3/);
});

test("1,000 routes arrive in 2 messages, change in 2, and are withdrawn in 2", async () => {
  await using world = await World.start(["passive"]);
  const names = Array.from({ length: 1_000 }, (_, index) => `172.20.${index >> 8}.${index & 255}/32`);
  await world.established();
  const routes = (med?: number) =>
    names.map((name) => ({ prefix: prefix(name), ...(med === undefined ? {} : { attributes: { med } }) }));
  world.peer.setRoutes(routes());
  await world.hasRoutes(4, [...names, "198.51.100.0/24"]);
  assert.equal(world.peer.status.messagesSent.update, 2);
  world.peer.setRoutes(routes(7));
  world.peer.setRoutes(routes(7).slice(1));
  await world.hasRoutes(4, [...names.slice(1), "198.51.100.0/24"]);
  world.peer.setRoutes([]);
  await world.hasRoutes(4, ["198.51.100.0/24"]);
  assert.equal(world.peer.status.messagesSent.update, 2 + 3 + 2);
});

// FRR keeps what became of a connection for those that it opened itself: therefore it dials.
test("with another AS number than FRR expects, FRR refuses, and both sides say so", async () => {
  await using world = await World.start([], { localAsn: 65999, passive: true });
  await until("we have heard why", () => world.peer.status.lastError?.code === "notification.received");
  const { lastError } = world.peer.status;
  assert.ok(lastError);
  assert.match(describeSessionError(lastError), /the peer sent NOTIFICATION 2\/2 \(OPEN Message Error, Bad Peer AS\)/);
  await until("FRR says so", async () => (await neighbourOf(world)).includes("OPEN Message Error/Bad Peer AS"));
});

test("with another AS number than we expect, we refuse, and both sides say so", async () => {
  await using world = await World.start([], { remoteAsn: 65999, passive: true });
  await until("we have said why", () => world.peer.status.lastError?.code === "notification.sent");
  await until("FRR says so", async () => (await neighbourOf(world)).includes("OPEN Message Error/Bad Peer AS"));
});

function neighbourOf(world: World): Promise<string> {
  return world.frr.vtysh("show bgp neighbors 10.0.0.1");
}

test("FRR is killed and started again: session and routes are back", async () => {
  await using world = await World.start(["passive"]);
  world.peer.setRoutes(both);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  await world.frr.kill();
  await until("we have noticed", () => world.peer.state !== "established");
  await world.frr.restart();
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  assert.equal(world.peer.status.timesEstablished, 2);
});

test("the cable is cut: the hold timer expires on both sides; it is mended: all comes back", async () => {
  await using world = await World.start(["timers 1 3"]);
  world.peer.setRoutes(both);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  assert.equal(world.peer.status.negotiated?.holdTimeMs, 3_000);
  world.neighbour.cut();
  await until("the hold timer has expired", () => world.peer.state !== "established");
  const { lastError } = world.peer.status;
  assert.ok(lastError);
  assert.match(describeSessionError(lastError), /^we sent NOTIFICATION 4\/0 \(Hold Timer Expired\)/);
  await world.hasRoutes(4, ["198.51.100.0/24"]);
  world.neighbour.mend();
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
});

test("stopped in good order, FRR loses the routes while the session is up, and then hears that we shut down", async () => {
  await using world = await World.start(["passive"]);
  world.peer.setRoutes(both);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  const abort = new AbortController();
  const stopped = world.speaker.stop({ drainMs: 600_000 }, abort.signal);
  await world.hasRoutes(4, ["198.51.100.0/24"]);
  assert.equal(world.peer.state, "established");
  abort.abort();
  await stopped;
  await until("FRR has heard", async () => /Cease\/Administrative Shutdown/.test(await neighbourOf(world)));
});

for (const passive of [true, false]) {
  test(`with GTSM on both sides, ${passive ? "we dial" : "FRR dials"}: the session comes up`, async () => {
    const lines = ["ttl-security hops 1", ...(passive ? ["passive"] : [])];
    await using world = await World.start(lines, { ttlSecurityHops: 1, passive: !passive });
    await world.established();
  });
}

test("a link bandwidth, a longer path and the wish to be left arrive at FRR by name", async () => {
  await using world = await World.start(["passive"], { remoteAsn: "external" });
  const extendedCommunities = [{ type: "link-bandwidth", asn: 65211, bytesPerSecond: 125_000 }] as const;
  const attributes = { extendedCommunities, prepend: 2 };
  world.peer.setRoutes([{ prefix: prefix("172.19.100.1/32"), attributes }]);
  world.peer.setGracefulShutdown(true);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  const shown = await world.frr.vtysh("show bgp ipv4 unicast 172.19.100.1/32");
  assert.match(shown, /65211 65211 65211/);
  assert.match(shown, /Community: graceful-shutdown/);
  assert.match(shown, /LB:65211:125000/);
});

test("FRR asks for all routes again, and keeps them", async () => {
  await using world = await World.start(["passive"]);
  world.peer.setRoutes(both);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  const before = world.peer.status.messagesSent.update;
  await world.frr.vtysh("clear bgp ipv4 unicast 10.0.0.1 in");
  await until("they have been sent again", () => world.peer.status.messagesSent.update > before);
  await world.hasRoutes(4, ["172.19.100.1/32", "198.51.100.0/24"]);
  assert.equal(world.peer.status.timesEstablished, 1);
});
