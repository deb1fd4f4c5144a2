import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeControlPacket,
  diagnostics,
  encodeControlPacket,
  sessionStates,
  type ControlPacket,
  type PacketError,
} from "./packet.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });

const packet: fc.Arbitrary<ControlPacket> = fc
  .record(
    {
      state: fc.constantFrom(...sessionStates),
      diagnostic: fc.constantFrom(...diagnostics),
      poll: fc.boolean(),
      final: fc.boolean(),
      controlPlaneIndependent: fc.boolean(),
      demand: fc.boolean(),
      detectMultiplier: fc.integer({ min: 1, max: 255 }),
      myDiscriminator: fc.integer({ min: 1, max: 0xffffffff }),
      yourDiscriminator: u32,
      desiredMinTxUs: u32,
      requiredMinRxUs: u32,
      requiredMinEchoRxUs: u32,
    },
    { noNullPrototype: true },
  )
  .filter(({ state, yourDiscriminator }) => yourDiscriminator !== 0 || state === "down" || state === "admin-down");

/** Version 1, Neighbor Signaled Session Down; Up, Poll; multiplier 3; 300 ms each way, no echo. */
const vector = Buffer.from("23e003180000000100000002000493e0000493e000000000", "hex");

const read: ControlPacket = {
  state: "up",
  diagnostic: "neighbor-signaled-down",
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 1,
  yourDiscriminator: 2,
  desiredMinTxUs: 300_000,
  requiredMinRxUs: 300_000,
  requiredMinEchoRxUs: 0,
};

test("the octets of a packet are those of RFC 5880 §4.1", () => {
  assert.deepEqual(decodeControlPacket(vector), read);
  assert.equal(Buffer.from(encodeControlPacket(read)).toString("hex"), vector.toString("hex"));
});

test("what is encoded decodes to the same, also with something after it in the payload", () => {
  fc.assert(
    fc.property(packet, fc.uint8Array({ maxLength: 40 }), (packet, rest) => {
      const encoded = encodeControlPacket(packet);
      assert.deepEqual(decodeControlPacket(encoded), packet);
      assert.deepEqual(decodeControlPacket(Buffer.concat([encoded, rest])), packet);
    }),
    { numRuns: 2_000 },
  );
});

/** `vector` with some octets changed. */
function changed(changes: Readonly<Record<number, number>>): Uint8Array {
  const bytes = Uint8Array.from(vector);
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  return bytes;
}

// Each also breaks the rules after the one that it names, so that the order is seen.
const wrong: readonly (readonly [PacketError, Uint8Array])[] = [
  ["packet.too-short", vector.subarray(0, 3)],
  ["packet.version", changed({ 0: 0x03, 3: 23 })],
  ["packet.too-short", changed({ 3: 23, 2: 0 })],
  ["packet.too-short", changed({ 1: 0xe4, 3: 25 })],
  ["packet.longer-than-payload", changed({ 3: 25, 2: 0 })],
  ["packet.detect-multiplier-zero", changed({ 2: 0, 1: 0xe1 })],
  ["packet.multipoint", changed({ 1: 0xe1, 7: 0 })],
  ["packet.my-discriminator-zero", changed({ 7: 0, 11: 0 })],
  ["packet.your-discriminator-zero", changed({ 11: 0 })],
  ["packet.authentication-malformed", Buffer.concat([changed({ 1: 0xe4, 3: 27 }), Buffer.from([1, 2, 0])])],
];

for (const [error, bytes] of wrong) {
  test(`${Buffer.from(bytes).toString("hex")} is refused: ${error}`, () => {
    assert.equal(decodeControlPacket(bytes), error);
  });
}

test("a packet with an authentication section is read with it", () => {
  const decoded = decodeControlPacket(
    Buffer.concat([changed({ 1: 0xe4, 3: 28 }), Buffer.from([1, 4, 7, 0x70])]),
  ) as ControlPacket;
  assert.deepEqual(decoded.authentication, { type: 1, data: Uint8Array.from([7, 0x70]) });
});

test("a diagnostic of a number that is not assigned is no reason to drop a packet", () => {
  assert.deepEqual(decodeControlPacket(changed({ 0: 0x3f })), { ...read, diagnostic: undefined });
});

test("a number that does not fit its field is refused by name", () => {
  assert.throws(() => encodeControlPacket({ ...read, desiredMinTxUs: 2 ** 32 }), /desiredMinTxUs 4294967296/);
});
