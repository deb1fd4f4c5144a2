import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ipv4, parsePrefix } from "../../src/net/index.ts";
import { BfdAgent } from "../../src/node/bfd/index.ts";
import { BgpReconciler, systemLinks, tcpTransport } from "../../src/node/bgp/index.ts";
import { plannedPeer } from "../../src/node/bgp/testing.ts";
import type { NodePlan, Peer, PlannedRoute, SessionPlan } from "../../src/plan/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { Frr, until } from "./frr.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";

enterOwnNamespace();

const peerOn = (link: string, fields: Partial<Peer> = {}): Peer =>
  plannedPeer({
    name: link,
    reach: { by: "interface", interface: link },
    remoteAsn: "external",
    families: [4, 6],
    connectTimeMs: 1_000,
    ...fields,
  });

const prefixes = ["172.19.100.1/32", "2001:db8:100::1/128"];

function routes(): Map<string, PlannedRoute> {
  return new Map(
    prefixes.map((text): [string, PlannedRoute] => {
      const prefix = parsePrefix(text);
      assert.ok(prefix);
      return [text, { prefix, localPref: undefined, communities: [], med: undefined, prepend: 0, weight: undefined }];
    }),
  );
}

/** A node that is to have sessions with these peers, and announces the same to each. */
async function node(peers: readonly Peer[]): Promise<BgpReconciler & AsyncDisposable> {
  const reconciler = new BgpReconciler(
    {
      clock: systemClock,
      transport: tcpTransport,
      links: systemLinks,
      ownAddresses: () => [],
      watchPaths: () => new BfdAgent(),
      onListenFailure: () => {},
      onLinkProblem: (_, message) => assert.fail(message),
    },
    { routerId: ipv4(0x0a000001), addresses: {}, listen: [{ address: ipv4(0x7f000001), port: 179 }] },
  );
  const sessions = new Map(peers.map((peer): [string, SessionPlan] => [peer.name, { peer, routes: routes() }]));
  const plan: NodePlan = { node: "node-1", sessions, isLeaving: false };
  reconciler.apply(plan);
  await reconciler.listen();
  const dispose = () => reconciler.stop({ gracefulShutdownMs: 0, drainMs: 0 });
  return Object.assign(reconciler, { [Symbol.asyncDispose]: dispose });
}

function router(neighbour: Neighbour, lines: readonly string[] = [], bfd = false): Promise<Frr> {
  return Frr.start(
    neighbour.name,
    `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 neighbor eth0 interface remote-as external
 neighbor eth0 timers connect 1
 ${lines.map((line) => `neighbor eth0 ${line}`).join("\n ")}
 address-family ipv4 unicast
  neighbor eth0 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor eth0 activate
 exit-address-family
`,
    { bfd },
  );
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

/** Routes of both families lead to us in the router's kernel. */
async function forwards({ name }: Neighbour): Promise<void> {
  await until(`the kernel of ${name} has a route of each family`, () => {
    const table = `${ip("-n", name, "route")}${ip("-n", name, "-6", "route")}`;
    return /^172\.19\.100\.1 .*via inet6 fe80:/m.test(table) && /^2001:db8:100::1 .*via fe80:/m.test(table);
  });
}

function stateOf(reconciler: BgpReconciler, name: string): string | undefined {
  return reconciler.statuses.find((status) => status.name === name)?.state;
}

for (const [who, fields, lines] of [
  ["we dial", { connectMode: "active" }, ["passive"]],
  ["FRR dials", { connectMode: "passive" }, []],
  ["both dial", {}, []],
  ["we dial, and all is signed", { connectMode: "active", md5Password: "secret" }, ["passive", "password secret"]],
  ["FRR dials, and all is signed", { connectMode: "passive", md5Password: "secret" }, ["password secret"]],
] as const) {
  test(`a router that is named by the link alone, ${who}: routes of both families lead to the link-local address`, async () => {
    using neighbour = new Neighbour("frr", [], []);
    await using frr = await router(neighbour, lines);
    await using reconciler = await node([peerOn(neighbour.cable, fields)]);
    await forwards(neighbour);
    assert.equal(stateOf(reconciler, neighbour.cable), "established");
    const shown = (await frr.show("bgp neighbors eth0")) as Record<string, { bgpState?: string }>; // FRR's form
    assert.equal(shown["eth0"]?.bgpState, "Established");
  });
}

test("where the link has another IPv6 address, the next hop is both", async () => {
  using neighbour = new Neighbour("frr", ["2001:db8:1::1/64"], ["2001:db8:1::2/64"]);
  await using frr = await router(neighbour);
  await using _ = await node([peerOn(neighbour.cable)]);
  await forwards(neighbour);
  for (const [family, prefix] of [
    ["ipv4", prefixes[0]],
    ["ipv6", prefixes[1]],
  ] as const) {
    const shown = (await frr.show(`bgp ${family} unicast ${prefix}`)) as { paths: { nexthops: { ip: string }[] }[] }; // FRR's form
    const hops = shown.paths[0]?.nexthops.map((hop) => hop.ip.replace(/^fe80:.*/, "fe80")).sort();
    assert.deepEqual(hops, ["2001:db8:1::1", "fe80"], family);
  }
});

test("FRR is killed and started again, then we are: the session comes back each time", async () => {
  using neighbour = new Neighbour("frr", [], []);
  await using frr = await router(neighbour);
  {
    await using reconciler = await node([peerOn(neighbour.cable)]);
    await forwards(neighbour);
    await frr.kill();
    await until("we have noticed", () => stateOf(reconciler, neighbour.cable) !== "established");
    await frr.restart();
    await until("it is back", () => stateOf(reconciler, neighbour.cable) === "established");
    await forwards(neighbour);
  }
  await until("FRR has no route", () => !ip("-n", neighbour.name, "route").includes("172.19.100.1"));
  await using _ = await node([peerOn(neighbour.cable)]);
  await forwards(neighbour);
});

test("the link goes down and up again: the session follows", async () => {
  using neighbour = new Neighbour("frr", [], []);
  await using _frr = await router(neighbour);
  await using reconciler = await node([peerOn(neighbour.cable)]);
  await forwards(neighbour);
  ip("link", "set", neighbour.cable, "down");
  await until("we have noticed", () => stateOf(reconciler, neighbour.cable) !== "established");
  ip("link", "set", neighbour.cable, "up");
  await until("it is back", () => stateOf(reconciler, neighbour.cable) === "established");
  await forwards(neighbour);
});

test("the router gets another network card, and we do: the session follows to the new addresses", async () => {
  using neighbour = new Neighbour("frr", [], []);
  await using _frr = await router(neighbour);
  await using reconciler = await node([peerOn(neighbour.cable)]);
  await forwards(neighbour);
  const remote = () => reconciler.sessions[0]?.remote.address;
  const before = remote();
  for (const [here, mac] of [
    [["-n", neighbour.name, "link", "set", "eth0"], "02:00:00:00:00:02"],
    [["link", "set", neighbour.cable], "02:00:00:00:00:01"],
  ] as const) {
    ip(...here, "down");
    await until("we have noticed", () => stateOf(reconciler, neighbour.cable) !== "established");
    ip(...here, "address", mac);
    ip(...here, "up");
    await until("it is back", () => stateOf(reconciler, neighbour.cable) === "established");
    await forwards(neighbour);
  }
  assert.notDeepEqual(remote(), before);
  assert.match(ip("-n", neighbour.name, "route"), /^172\.19\.100\.1 .*via inet6 fe80::ff:fe00:1 /m);
});

test("two routers with the same link-local address on two links are two peers", async () => {
  await using stack = new AsyncDisposableStack();
  const neighbours = ["one", "two"].map((name) => stack.use(new Neighbour(name, [], [])));
  for (const { name } of neighbours) {
    ip("-n", name, "link", "set", "eth0", "down");
    ip("-n", name, "link", "set", "eth0", "address", "02:00:00:00:00:02");
    ip("-n", name, "link", "set", "eth0", "up");
  }
  for (const neighbour of neighbours) stack.use(await router(neighbour));
  const reconciler = stack.use(await node(neighbours.map(({ cable }) => peerOn(cable))));
  for (const neighbour of neighbours) await forwards(neighbour);
  const remotes = reconciler.sessions.map(({ remote }) => [remote.interface, remote.address]);
  assert.deepEqual(remotes[0]?.[1], remotes[1]?.[1]);
  assert.deepEqual(new Set(remotes.map(([link]) => link)), new Set(neighbours.map(({ cable }) => cable)));
});

test("BFD watches the path to a router that is named by the link alone, and ends the session when it fails", async () => {
  using neighbour = new Neighbour("frr", [], []);
  await using frr = await router(neighbour, ["bfd"], true);
  const bfd = {
    transmitInterval: 100,
    receiveInterval: 100,
    detectMultiplier: 3,
    passiveMode: false,
    echoMode: false,
    echoInterval: 50,
    minimumTtl: 254,
  };
  await using reconciler = await node([peerOn(neighbour.cable, { bfd })]);
  await forwards(neighbour);
  await until("the path is up on both sides", async () => {
    const ours = await reconciler.pathStatus();
    const theirs = (await frr.vtysh("show bfd peers json")).includes('"status":"up"');
    return theirs && ours?.sessions[0]?.state === "up";
  });
  neighbour.cut();
  // The hold time is 90 s.
  await until("we have noticed", () => stateOf(reconciler, neighbour.cable) !== "established", 20_000);
  neighbour.mend();
  await forwards(neighbour);
  await until("it is back", () => stateOf(reconciler, neighbour.cable) === "established");
});
