import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4 } from "../../net/index.ts";
import { encodeControlPacket } from "./packet.ts";
import { addresses, Played, World } from "./testing.ts";

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

test("bytes that are no packet change nothing, and each is counted by the rule that it breaks (RFC 5880 §6.8.6)", () => {
  const played = new Played();
  const valid = () => {
    const bytes = Buffer.alloc(24);
    bytes.set([0x20, 0x40, 3, 24, 0, 0, 0, 77]); // Down: it would end the session
    bytes.writeUInt32BE(played.host.status.localDiscriminator, 8);
    return bytes;
  };
  const broken = (change: (bytes: Buffer) => void) => {
    const bytes = valid();
    change(bytes);
    played.sayUnheard(bytes);
  };
  broken((bytes) => (bytes[0] = 0x40));
  broken((bytes) => (bytes[3] = 23));
  broken((bytes) => (bytes[3] = 25));
  broken((bytes) => (bytes[2] = 0));
  broken((bytes) => (bytes[1] = 0x41));
  broken((bytes) => bytes.writeUInt32BE(0, 4));
  broken((bytes) => {
    bytes[1] = 0xc0;
    bytes.writeUInt32BE(0, 8);
  });
  assert.equal(played.host.state, "up");
  assert.deepEqual(played.host.system.status.discarded, {
    "packet.version": 1,
    "packet.too-short": 1,
    "packet.longer-than-payload": 1,
    "packet.detect-multiplier-zero": 1,
    "packet.multipoint": 1,
    "packet.my-discriminator-zero": 1,
    "packet.your-discriminator-zero": 1,
  });
  played.sayUnheard(valid());
  assert.equal(played.host.state, "down");
});
