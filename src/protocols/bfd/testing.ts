import assert from "node:assert/strict";
import { ipv4, type Address } from "../../net/index.ts";
import { SimulatedClock } from "../clock/index.ts";
import type { SessionConfig } from "./config.ts";
import { decodeControlPacket, encodeControlPacket, type ControlPacket } from "./packet.ts";
import { SimulatedCable, type CableOptions } from "./simulated-cable.ts";
import { BfdSystem, type NamedSessionStatus, type NamedStateChange } from "./system.ts";
import type { Transport } from "./transport.ts";

export const addresses = [ipv4(0x0a000001), ipv4(0x0a000002)] as const;

interface Sent {
  readonly at: number;
  readonly from: Address;
  readonly packet: ControlPacket;
}

/** A host with one session to the other. */
export class Host {
  readonly system: BfdSystem;
  readonly changes: NamedStateChange[] = [];
  readonly #remoteAddress: Address;
  readonly #transport: Transport;

  constructor(world: World, index: 0 | 1, random: () => number) {
    this.#remoteAddress = addresses[index === 0 ? 1 : 0];
    this.#transport = world.cable.host(addresses[index]);
    this.system = new BfdSystem({ clock: world.clock, transport: this.#transport, random }, (change) =>
      this.changes.push(change),
    );
    this.system.listen();
  }

  set(config: Partial<SessionConfig> = {}): void {
    this.system.setSessions([{ name: "other", remoteAddress: this.#remoteAddress, ...config }]);
  }

  get status(): NamedSessionStatus {
    const [status] = this.system.status.sessions;
    assert.ok(status);
    return status;
  }

  get state(): string {
    return this.status.state;
  }

  /** Nothing comes out of it or goes in any more. */
  kill(): void {
    this.#transport.close();
  }
}

export class World {
  readonly clock = new SimulatedClock();
  readonly sent: Sent[] = [];
  readonly cable: SimulatedCable;
  readonly #random: () => number;

  constructor(options: Partial<CableOptions> = {}, seed = 1) {
    this.#random = randomNumbers(seed);
    this.cable = new SimulatedCable(this.clock, {
      ...options,
      loses: (bytes, from) => {
        const packet = decodeControlPacket(bytes);
        assert.ok(typeof packet !== "string");
        this.sent.push({ at: this.clock.now(), from, packet });
        return options.loses?.(bytes, from) ?? false;
      },
    });
  }

  host(index: 0 | 1): Host {
    return new Host(this, index, this.#random);
  }

  /** Two hosts whose session is up and whose Poll Sequences are over. */
  static up(config: Partial<SessionConfig> = {}, options: Partial<CableOptions> = {}): [World, Host, Host] {
    const world = new World(options);
    const [a, b] = [world.host(0), world.host(1)];
    a.set(config);
    b.set(config);
    world.clock.advanceUntil(() => a.state === "up" && b.state === "up", 10_000);
    world.clock.advance(5_000);
    world.sent.length = 0;
    return [world, a, b];
  }

  /** Times between the packets of one host, answers to Polls left out. */
  intervals(index: 0 | 1): number[] {
    const times = this.sent
      .filter(({ from, packet }) => from === addresses[index] && !packet.final)
      .map(({ at }) => at);
    return times.slice(1).map((at, place) => at - (times[place] ?? 0));
  }
}

/** Mulberry32: the same numbers each time. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Our host, its session up, with a neighbour that a test plays by hand. */
export class Played {
  readonly world = new World();
  readonly host = this.world.host(0);
  readonly #neighbour = this.world.cable.host(addresses[1]);
  #ttl = 255;

  constructor(config: Partial<SessionConfig> = {}) {
    this.host.set(config);
    this.world.clock.advance(1);
    this.say({ yourDiscriminator: 0, state: "down" });
    this.say({ state: "init" });
    assert.equal(this.host.state, "up");
    this.world.clock.advance(1);
    this.world.sent.length = 0;
  }

  withTtl(ttl: number): this {
    this.#ttl = ttl;
    return this;
  }

  say(packet: Partial<ControlPacket>): void {
    const bytes = encodeControlPacket({
      state: "up",
      diagnostic: "none",
      poll: false,
      final: false,
      controlPlaneIndependent: false,
      demand: false,
      detectMultiplier: 3,
      myDiscriminator: 77,
      yourDiscriminator: this.host.status.localDiscriminator,
      desiredMinTxUs: 300_000,
      requiredMinRxUs: 300_000,
      requiredMinEchoRxUs: 0,
      ...packet,
    });
    this.sayBytes(bytes);
  }

  /** Bytes that need not be a packet, which the cable's record therefore does not see. */
  sayUnheard(bytes: Uint8Array): void {
    this.world.cable.deliver(bytes, addresses[1], addresses[0]);
    this.world.clock.advance(1);
  }

  sayBytes(bytes: Uint8Array): void {
    const transport = this.#ttl === 255 ? this.#neighbour : this.world.cable.host(addresses[1], this.#ttl);
    transport.open({ hops: "single", remoteAddress: addresses[0] }).send(bytes);
    this.world.clock.advance(1);
  }

  get sent(): ControlPacket[] {
    return this.world.sent.filter(({ from }) => from === addresses[0]).map(({ packet }) => packet);
  }
}
