import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv4, type Address } from "../../net/index.ts";
import { SimulatedClock } from "../clock/index.ts";
import { decodeControlPacket, encodeControlPacket, type ControlPacket } from "./packet.ts";
import { SimulatedCable, type CableOptions } from "./simulated-cable.ts";
import type { SessionConfig } from "./config.ts";
import { BfdSystem, type NamedSessionStatus, type NamedStateChange } from "./system.ts";
import type { Transport } from "./transport.ts";

const addresses = [ipv4(0x0a000001), ipv4(0x0a000002)] as const;

interface Sent {
  readonly at: number;
  readonly from: Address;
  readonly packet: ControlPacket;
}

/** A host with one session to the other. */
class Host {
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

class World {
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
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

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

test("nobody there: a packet each second, and none faster", () => {
  const world = new World();
  world.host(0).set({ transmitIntervalMs: 10 });
  world.clock.advance(100_000);
  const intervals = world.intervals(0);
  assert.ok(intervals.length >= 100 && intervals.every((ms) => ms >= 750 && ms <= 1_000));
  assert.ok(world.sent.every(({ packet }) => packet.desiredMinTxUs === 1_000_000 && packet.yourDiscriminator === 0));
});

for (const [detectMultiplier, most] of [
  [3, 50],
  [1, 45],
] as const) {
  test(`with multiplier ${detectMultiplier}, packets follow each other after 75 to ${most * 2} % of the interval`, () => {
    const [world] = World.up({ transmitIntervalMs: 50, receiveIntervalMs: 50, detectMultiplier });
    world.clock.advance(60_000);
    const intervals = world.intervals(0);
    assert.ok(intervals.every((ms) => ms >= 37.5 && ms <= most));
    const mean = intervals.reduce((sum, ms) => sum + ms, 0) / intervals.length;
    assert.ok(Math.abs(mean - (37.5 + most) / 2) < 1, `the mean is ${mean}`);
  });
}

test("the slower of what one wants to send and the other to receive counts, each way by itself", () => {
  const world = new World();
  const [a, b] = [world.host(0), world.host(1)];
  a.set({ transmitIntervalMs: 20, receiveIntervalMs: 200, detectMultiplier: 5 });
  b.set({ transmitIntervalMs: 100, receiveIntervalMs: 40, detectMultiplier: 3 });
  world.clock.advance(10_000);
  assert.deepEqual([a.status.transmitIntervalMs, b.status.transmitIntervalMs], [40, 200]);
  assert.deepEqual([a.status.detectionTimeMs, b.status.detectionTimeMs], [3 * 200, 5 * 40]);
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

test("intervals change in a running session, to the faster and to the slower, and it stays up", () => {
  const [world, a, b] = World.up();
  for (const ms of [50, 1_000, 10, 300]) {
    a.set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    b.set({ transmitIntervalMs: ms, receiveIntervalMs: ms });
    world.clock.advance(5_000);
    assert.deepEqual([a.status.transmitIntervalMs, b.status.transmitIntervalMs], [ms, ms]);
    assert.deepEqual([a.status.detectionTimeMs, b.status.detectionTimeMs], [3 * ms, 3 * ms]);
    assert.equal(world.sent.at(-1)?.packet.poll, false);
  }
  assert.deepEqual([a.status.timesDown, b.status.timesDown], [0, 0]);
});

test("until the neighbour has answered the Poll, a slower rate is not yet used", () => {
  const [world, a] = World.up();
  a.set({ transmitIntervalMs: 2_000, receiveIntervalMs: 100 });
  world.cable.isCut = true; // the first Poll is lost
  world.clock.advance(2);
  world.cable.isCut = false;
  assert.deepEqual([a.status.transmitIntervalMs, a.status.detectionTimeMs], [300, 900]);
  world.clock.advance(310);
  assert.deepEqual([a.status.transmitIntervalMs, a.status.detectionTimeMs], [2_000, 900]);
  assert.equal(a.status.timesDown, 0);
});

test("two changes at once are two Poll Sequences, with a packet without P between them", () => {
  const [world, a] = World.up();
  world.sent.length = 0;
  a.set({ transmitIntervalMs: 100 });
  a.set({ transmitIntervalMs: 200 });
  world.clock.advance(3_000);
  const polls = world.sent
    .filter(({ from, packet }) => from === addresses[0] && !packet.final)
    .map(({ packet }) => (packet.poll ? "P" : "-"));
  assert.match(polls.join(""), /^P+-P+-+$/);
  assert.ok(world.sent.every(({ packet }) => !(packet.poll && packet.final)));
});

test("whatever is lost, cut, changed and restarted, in the end both are up with what was asked for last", () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("wait" as const), ms: fc.nat(3_000) }),
    fc.record({ type: fc.constant("cut" as const), isCut: fc.boolean() }),
    fc.record({
      type: fc.constant("set" as const),
      host: fc.constantFrom(0 as const, 1 as const),
      ms: fc.integer({ min: 10, max: 2_000 }),
    }),
    fc.record({ type: fc.constant("remove" as const), host: fc.constantFrom(0 as const, 1 as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.integer(), (steps, seed) => {
      const random = randomNumbers(seed);
      let lossRate = 0.2;
      const world = new World({ loses: () => random() < lossRate }, seed);
      const hosts = [world.host(0), world.host(1)] as const;
      const wanted: [number, number] = [300, 300];
      for (const each of steps) {
        if (each.type === "wait") world.clock.advance(each.ms);
        if (each.type === "cut") world.cable.isCut = each.isCut;
        if (each.type === "remove") hosts[each.host].system.setSessions([]);
        if (each.type === "set") {
          wanted[each.host] = each.ms;
          hosts[each.host].set({ transmitIntervalMs: each.ms, receiveIntervalMs: each.ms });
        }
      }
      lossRate = 0;
      world.cable.isCut = false;
      for (const index of [0, 1] as const) {
        hosts[index].set({ transmitIntervalMs: wanted[index], receiveIntervalMs: wanted[index] });
      }
      world.clock.advance(30_000);
      const slower = Math.max(...wanted);
      for (const host of hosts) {
        assert.equal(host.state, "up");
        assert.equal(host.status.transmitIntervalMs, slower);
        assert.equal(host.status.detectionTimeMs, 3 * slower);
      }
      assert.equal(world.sent.at(-1)?.packet.poll, false);
      assert.ok(world.sent.every(({ packet }) => !(packet.poll && packet.final)));
    }),
    { numRuns: 200 },
  );
});

/** Our host, its session up, with a neighbour that a test plays by hand. */
class Played {
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

  sayBytes(bytes: Uint8Array): void {
    const transport = this.#ttl === 255 ? this.#neighbour : this.world.cable.host(addresses[1], this.#ttl);
    transport.open({ hops: "single", remoteAddress: addresses[0] }).send(bytes);
    this.world.clock.advance(1);
  }

  get sent(): ControlPacket[] {
    return this.world.sent.filter(({ from }) => from === addresses[0]).map(({ packet }) => packet);
  }
}

test("a Poll is answered at once, whatever the state, with F and without P", () => {
  const played = new Played();
  played.say({ poll: true });
  assert.deepEqual(
    played.sent.map(({ poll, final }) => [poll, final]),
    [[false, true]],
  );
});

test("a neighbour that wants no packets gets none, until it does again", () => {
  const played = new Played();
  for (let second = 0; second < 5; second++) {
    played.say({ requiredMinRxUs: 0 });
    played.world.clock.advance(500);
  }
  assert.equal(played.sent.filter(({ final }) => !final).length, 0);
  assert.equal(played.host.status.transmitIntervalMs, undefined);
  played.say({});
  played.world.clock.advance(400);
  assert.ok(played.sent.length > 0);
});

test("a neighbour in demand mode gets no periodic packets once both are up and nothing is to be told", () => {
  const played = new Played();
  played.say({ demand: true, final: true });
  played.world.sent.length = 0;
  for (let count = 0; count < 5; count++) {
    played.world.clock.advance(500);
    played.say({ demand: true });
  }
  assert.deepEqual(played.sent, []);
});

test("packets with another TTL than 255, for no session of ours or with authentication change nothing", () => {
  const played = new Played();
  const { packetsReceived } = played.host.status;
  played.say({ yourDiscriminator: 1, state: "down" });
  played.sayBytes(authenticated(played.host.status.localDiscriminator));
  played.withTtl(254).say({ state: "down" });
  assert.equal(played.host.state, "up");
  assert.equal(played.host.status.packetsReceived, packetsReceived);
  assert.deepEqual(played.host.system.status.discarded, {
    "session.unknown": 1,
    "session.authentication-not-in-use": 1,
    "session.ttl-too-low": 1,
  });
});

test("a packet over several hops from another address than the neighbour's changes nothing, whatever it knows", () => {
  const [world, host] = World.up({ hops: "multi" });
  world.clock.advance(1_000);
  const theirs = world.sent.at(-1);
  assert.ok(theirs !== undefined && host.state === "up");
  const stranger = world.cable.host(ipv4(0x0a000003)).open({ hops: "multi", remoteAddress: addresses[0] });
  const { localDiscriminator } = host.status;
  stranger.send(encodeControlPacket({ ...theirs.packet, state: "admin-down", yourDiscriminator: localDiscriminator }));
  world.clock.advance(10);
  assert.equal(host.state, "up");
  assert.deepEqual(host.system.status.discarded, { "session.unknown": 1 });
});

/** State Down, with an empty section of type 1. */
function authenticated(yourDiscriminator: number): Uint8Array {
  const bytes = Buffer.alloc(26);
  bytes.set([0x20, 0x44, 3, 26, 0, 0, 0, 77]);
  bytes.writeUInt32BE(yourDiscriminator, 8);
  bytes.set([1, 2], 24);
  return bytes;
}
