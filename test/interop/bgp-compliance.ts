import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { formatPrefix, ipv4, ipv6 } from "../../src/net/index.ts";
import { prefix } from "../../src/net/testing.ts";
import { tcpTransport } from "../../src/node/bgp/tcp-transport.ts";
import { Speaker, type Peer, type PeerConfig } from "../../src/protocols/bgp/index.ts";
import { systemClock } from "../../src/protocols/clock/index.ts";
import { until } from "./frr.ts";
import { enterOwnNamespace, Neighbour } from "./namespaces.ts";
import type { PeerImplementation, PeerOptions, RunningPeer } from "./peer-implementation.ts";

const [ours, theirs] = [ipv4(0x0a000001), ipv4(0x0a000002)];

/** What every implementation that we meet must do with us. Moves the process into a network namespace of its own. */
export function complies(implementation: PeerImplementation): void {
  const { name } = implementation;
  enterOwnNamespace();

  test(`we dial ${name}: routes of both families arrive, and are withdrawn again`, async () => {
    await using world = await World.start(implementation);
    world.peer.setRoutes([{ prefix: prefix("172.19.100.1/32") }, { prefix: prefix("2001:db8:100::1/128") }]);
    await world.hasRoutes(4, ["172.19.100.1/32"]);
    await world.hasRoutes(6, ["2001:db8:100::1/128"]);
    world.peer.setRoutes([]);
    await world.hasRoutes(4, []);
    await world.hasRoutes(6, []);
  });

  test(`${name} dials: routes arrive`, async () => {
    await using world = await World.start(implementation, { passive: false }, { passive: true });
    world.peer.setRoutes([{ prefix: prefix("172.19.100.1/32") }]);
    await world.hasRoutes(4, ["172.19.100.1/32"]);
    assert.equal(world.peer.status.connectAttempts, 0);
  });

  test(`1,000 routes go to ${name} and come from it, and go away again`, async () => {
    const inbound = hostRoutes("172.21");
    await using world = await World.start(implementation, { announces: inbound }, { inbound: "keep" });
    const outbound = hostRoutes("172.20");
    world.peer.setRoutes(outbound.map((each) => ({ prefix: prefix(each) })));
    await world.hasRoutes(4, outbound);
    await until("its routes are here", () => {
      // FRR also sends ours back.
      const received = new Set([...world.peer.receivedRoutes()].map((route) => formatPrefix(route.prefix)));
      return inbound.every((each) => received.has(each));
    });
    world.peer.setRoutes([]);
    await world.hasRoutes(4, []);
    assert.equal(world.peer.status.timesEstablished, 1);
  });

  for (const passive of [true, false]) {
    const dialler = passive ? "we dial" : `${name} dials`;
    test(
      `${dialler}: with the right key the session comes up, with a wrong one never`,
      {
        skip: !implementation.signs,
      },
      async () => {
        const link = { passive, md5Password: "right" };
        {
          await using world = await World.start(implementation, link, { md5Password: "right", passive: !passive });
          await world.established();
        }
        await using world = await World.start(implementation, link, { md5Password: "wrong", passive: !passive });
        await wait(3_000); // both have tried
        assert.equal(world.peer.status.timesEstablished, 0);
        assert.equal(world.peer.status.messagesReceived.open, 0);
      },
    );
  }

  test(`the cable to ${name} is pulled: the hold timer expires on both sides; it is back: so is all`, async () => {
    await using world = await World.start(implementation, { holdTimeSeconds: 3 });
    world.peer.setRoutes([{ prefix: prefix("172.19.100.1/32") }]);
    await world.hasRoutes(4, ["172.19.100.1/32"]);
    world.neighbour.cut();
    await until("our hold timer has expired", () => world.peer.state !== "established");
    assert.equal(world.peer.status.lastError?.code, "notification.sent");
    await world.hasRoutes(4, []);
    world.neighbour.mend();
    await world.hasRoutes(4, ["172.19.100.1/32"]);
  });

  test(`an agent is killed and started again: no route leaves ${name} but those that the new one has not`, async () => {
    await using world = await World.start(implementation, { gracefulRestart: true });
    world.speaker.removePeer("peer");
    await world.speaker.stop();
    const first = new Agent(1_000);
    await using second = new Agent(0);
    try {
      await until("all routes are there", async () => (await world.running.routes(4)).length === 1_000);
    } finally {
      await first.kill();
    }
    const seen = new Set<number>();
    const look = async () => void seen.add((await world.running.routes(4)).length);
    for (let count = 0; count < 5; count++) await look();
    second.start(999);
    await until("what is no more has gone, and the rest has stayed", async () => {
      await look();
      return seen.has(999);
    });
    for (let count = 0; count < 5; count++) await look();
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      [999, 1_000],
    );
  });
}

class World implements AsyncDisposable {
  readonly neighbour: Neighbour;
  readonly running: RunningPeer;
  readonly speaker: Speaker;
  readonly peer: Peer;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<World, "neighbour" | "running" | "speaker" | "peer">, stack: AsyncDisposableStack) {
    this.neighbour = parts.neighbour;
    this.running = parts.running;
    this.speaker = parts.speaker;
    this.peer = parts.peer;
    this.#stack = stack;
  }

  static async start(
    implementation: PeerImplementation,
    options: Partial<PeerOptions> = {},
    config: Partial<PeerConfig> = {},
  ): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const addresses = [
      ["10.0.0.1/24", "2001:db8::1/64"],
      ["10.0.0.2/24", "2001:db8::2/64"],
    ] as const;
    const neighbour = stack.use(new Neighbour("peer", ...addresses));
    const speaker = new Speaker(
      { clock: systemClock, transport: tcpTransport },
      { asn: 65211, routerId: ours, listen: [{ address: ours, port: 179 }] },
    );
    stack.defer(() => speaker.stop());
    const peer = speaker.addPeer({
      name: "peer",
      remoteAddress: theirs,
      remoteAsn: 65210,
      connectRetryMs: { least: 500, most: 1_000 },
      nextHops: { 6: ipv6((0x20010db8n << 96n) + 1n) },
      ...config,
    });
    await speaker.listen();
    const defaults = { passive: true, holdTimeSeconds: 90, gracefulRestart: false, announces: [] };
    const running = stack.use(await implementation.start(neighbour.name, { ...defaults, ...options }));
    return new World({ neighbour, running, speaker, peer }, stack.move());
  }

  established(): Promise<void> {
    return until("the session is established", () => this.peer.state === "established");
  }

  hasRoutes(family: 4 | 6, wanted: readonly string[]): Promise<void> {
    const text = [...wanted].sort().join();
    return until(`there are ${wanted.length} routes of IPv${family}`, async () => {
      return (await this.running.routes(family)).sort().join() === text;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** A speaker in a process of its own. */
class Agent implements AsyncDisposable {
  #process: ReturnType<typeof spawn> | undefined;

  constructor(count: number) {
    if (count > 0) this.start(count);
  }

  start(count: number): void {
    const file = join(import.meta.dirname, "bgp-agent.ts");
    this.#process = spawn(process.execPath, [file, String(count)], { stdio: ["ignore", "inherit", "inherit"] });
  }

  /** Without a word to anybody. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

function hostRoutes(network: string): string[] {
  return Array.from({ length: 1_000 }, (_, index) => `${network}.${index >> 8}.${index & 255}/32`);
}
