// BGP in VRFs, under a kernel that has them: run by test/vm/run.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { formatPrefix, ipv4, type AddressFamily } from "../../../src/net/index.ts";
import { address, prefix } from "../../../src/net/testing.ts";
import { BfdAgent, sessionConfigOf } from "../../../src/node/bfd/index.ts";
import { tcpTransport } from "../../../src/node/bgp/index.ts";
import { Speaker, type PeerConfig } from "../../../src/protocols/bgp/index.ts";
import { systemClock } from "../../../src/protocols/clock/index.ts";
import { Frr, until } from "../../interop/frr.ts";
import { enterOwnNamespace, Neighbour } from "../../interop/namespaces.ts";

enterOwnNamespace();

/** Emulated processors take their time. */
const boundMs = 120_000;

const vrfs = [
  { name: "red", table: 10, theirs: { 4: "198.51.100.0/24", 6: "2001:db8:100::/48" } },
  { name: "blue", table: 20, theirs: { 4: "203.0.113.0/24", 6: "2001:db8:200::/48" } },
] as const;
type Vrf = (typeof vrfs)[number];

for (const { name, table } of vrfs) {
  execFileSync("ip", ["link", "add", name, "type", "vrf", "table", String(table)]);
  execFileSync("ip", ["link", "set", name, "up"]);
}

const hosts = {
  4: { any: "0.0.0.0", ours: "10.0.0.1", theirs: "10.0.0.2", length: 24, flags: [] },
  6: { any: "::", ours: "2001:db8::1", theirs: "2001:db8::2", length: 64, flags: ["nodad"] },
} as const;

/** Our speaker, and in each VRF a router of its own, all with the same addresses. */
class World implements AsyncDisposable {
  readonly speaker: Speaker;
  readonly #family: AddressFamily;
  readonly routers: ReadonlyMap<string, Frr>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    speaker: Speaker,
    family: AddressFamily,
    routers: ReadonlyMap<string, Frr>,
    stack: AsyncDisposableStack,
  ) {
    this.speaker = speaker;
    this.#family = family;
    this.routers = routers;
    this.#stack = stack;
  }

  /** `lines` for the routers' neighbour, which we are, and `config` for their peers may differ by VRF. */
  static async start(
    lines: (vrf: Vrf) => readonly string[],
    config: (vrf: Vrf) => Partial<PeerConfig>,
    family: AddressFamily = 4,
    bfd = false,
  ): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const { any, ours, theirs, length, flags } = hosts[family];
    const routers = new Map<string, Frr>();
    for (const vrf of vrfs) {
      const neighbour = stack.use(new Neighbour(vrf.name, [], [`${theirs}/${length}`]));
      execFileSync("ip", ["link", "set", neighbour.cable, "master", vrf.name]);
      execFileSync("ip", ["address", "add", `${ours}/${length}`, "dev", neighbour.cable, ...flags]);
      routers.set(
        vrf.name,
        stack.use(await Frr.start(neighbour.name, routerConfiguration(vrf, family, lines(vrf)), { bfd })),
      );
    }
    const speaker = new Speaker(
      { clock: systemClock, transport: tcpTransport },
      {
        asn: 65211,
        routerId: ipv4(0x0a000001),
        listen: vrfs.map(({ name }) => ({ address: address(any), port: 179, vrf: name })),
      },
    );
    stack.defer(() => speaker.stop());
    // Before it listens: the keys are to be there first.
    for (const vrf of vrfs) {
      const peer = speaker.addPeer({
        name: vrf.name,
        remoteAddress: address(theirs),
        remoteAsn: 65210,
        vrf: vrf.name,
        inbound: "keep",
        ...config(vrf),
      });
      peer.setRoutes([{ prefix: prefix(ownRoute(vrf, family)) }]);
    }
    await speaker.listen();
    return new World(speaker, family, routers, stack.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** Each VRF's session carries the routes of that VRF, both ways, and no others. */
  async carriesEachItsOwn(): Promise<void> {
    for (const vrf of vrfs) {
      const theirs = vrf.theirs[this.#family];
      const wanted = [ownRoute(vrf, this.#family), theirs].sort().join();
      await until(
        `the router of ${vrf.name} has ${wanted}`,
        async () => [...(await this.#routesOf(vrf))].sort().join() === wanted,
        boundMs,
      );
      // FRR tells us our own route back.
      await until(`we have what it has`, () => this.#received(vrf).sort().join() === wanted, boundMs);
    }
  }

  #received({ name }: Vrf): string[] {
    return [...(this.speaker.peers.get(name)?.receivedRoutes() ?? [])].map((route) => formatPrefix(route.prefix));
  }

  async #routesOf(vrf: Vrf): Promise<Iterable<string>> {
    const shown = (await this.routers.get(vrf.name)?.show(`bgp ipv${this.#family} unicast`)) as { routes?: object }; // FRR's form
    return Object.keys(shown.routes ?? {});
  }
}

function ownRoute({ table }: Vrf, family: AddressFamily): string {
  return family === 4 ? `172.19.${table}.1/32` : `2001:db8:${table}::1/128`;
}

function routerConfiguration(vrf: Vrf, family: AddressFamily, lines: readonly string[]): string {
  const { ours } = hosts[family];
  return `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor ${ours} remote-as 65211
 neighbor ${ours} timers connect 1
 ${lines.map((line) => `neighbor ${ours} ${line}`).join("\n ")}
 address-family ipv${family} unicast
  network ${vrf.theirs[family]}
  neighbor ${ours} activate
 exit-address-family
`;
}

for (const family of [4, 6] as const) {
  const { theirs } = hosts[family];

  test(`two routers at ${theirs}, each in a VRF, have a session each that we open`, async () => {
    await using world = await World.start(
      () => ["passive"],
      () => ({}),
      family,
    );
    await world.carriesEachItsOwn();
  });

  test(`two routers at ${theirs}, each in a VRF, have a session each that they open`, async () => {
    await using world = await World.start(
      () => [],
      () => ({ passive: true }),
      family,
    );
    await world.carriesEachItsOwn();
  });
}

for (const passive of [false, true]) {
  test(`sessions in VRFs that ${passive ? "they" : "we"} open are signed, each with a password of its own`, async () => {
    await using world = await World.start(
      ({ name }) => [...(passive ? [] : ["passive"]), `password secret-${name}`],
      ({ name }) => ({ passive, md5Password: `secret-${name}` }),
    );
    await world.carriesEachItsOwn();
  });
}

test("the password of one VRF opens nothing in another", async () => {
  await using world = await World.start(
    ({ name }) => [`password secret-${name}`],
    () => ({ md5Password: "secret-red" }),
  );
  const state = (name: string) => world.speaker.peers.get(name)?.state;
  await until("the session in red is up", () => state("red") === "established", boundMs);
  const attempts = () => world.speaker.peers.get("blue")?.status.connectAttempts ?? 0;
  await until("we have tried again and again in blue", () => attempts() >= 3, boundMs);
  assert.notEqual(state("blue"), "established");
  assert.equal(world.speaker.peers.get("blue")?.status.timesEstablished, 0);
});

test("BFD watches the paths to two routers at one address, each in a VRF", async () => {
  await using world = await World.start(
    () => ["bfd"],
    () => ({}),
    4,
    true,
  );
  const agent = new BfdAgent();
  try {
    agent.setSessions(
      vrfs.map(({ name }) => {
        const peer = { name, address: address(hosts[4].theirs), isMultihop: false, vrf: name };
        return sessionConfigOf(peer, { transmitInterval: 1_000, receiveInterval: 1_000 });
      }),
    );
    await until("both paths are up", () => vrfs.every(({ name }) => agent.states.get(name) === "up"), boundMs);
    for (const router of world.routers.values()) {
      const isUp = async () => (await router.vtysh("show bfd peers json")).includes('"status":"up"');
      await until("the router sees its path up", isUp, boundMs);
    }
    const failed = Promise.withResolvers<string>();
    agent.onChange(({ peer, isFailure }) => isFailure && failed.resolve(peer));
    await world.routers.get("blue")?.kill();
    assert.equal(await failed.promise, "blue");
    assert.equal(agent.states.get("red"), "up");
  } finally {
    await agent.stop();
  }
});
