import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv4, ipv6, prefixOf, type Prefix } from "../../net/index.ts";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { Framer, type Frame } from "./framing.ts";
import { maxMessageLength, type AsPathSegment, type Capability, type Message, type PathAttribute } from "./messages.ts";
import { describeNotification, ProtocolError } from "./notification.ts";

const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { noNullPrototype: true });
const u8 = fc.nat(255);
const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const hostAddress = fc.integer({ min: 0x01000000, max: 0x7effffff }).map(ipv4);
const anyIpv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(ipv6);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const prefix4: fc.Arbitrary<Prefix> = fc.tuple(u32, fc.nat(32)).map(([value, length]) => prefixOf(ipv4(value), length));
const prefix6: fc.Arbitrary<Prefix> = fc.tuple(anyIpv6, fc.nat(128)).map(([value, length]) => prefixOf(value, length));

const capability: fc.Arbitrary<Capability> = fc.oneof(
  record({ type: fc.constant("multiprotocol" as const), afi: u16, safi: u8 }),
  record({ type: fc.constant("four-octet-as" as const), asn: u32 }),
  record({
    type: fc.constant("unknown" as const),
    code: u8.filter((code) => code !== 1 && code !== 65),
    value: bytes(20),
  }),
);

const segments = (asn: fc.Arbitrary<number>): fc.Arbitrary<AsPathSegment[]> =>
  fc.array(
    record({
      type: fc.constantFrom("set" as const, "sequence", "confed-sequence", "confed-set"),
      asns: fc.array(asn, { minLength: 1, maxLength: 70 }),
    }),
    { maxLength: 3 },
  );

const knownCodes = [1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 17, 18, 32];

const attribute = (fourOctetAs: boolean): fc.Arbitrary<PathAttribute> =>
  fc.oneof(
    record({ type: fc.constant("origin" as const), origin: fc.constantFrom("igp" as const, "egp", "incomplete") }),
    record({ type: fc.constant("as-path" as const), segments: segments(fourOctetAs ? u32 : u16) }),
    record({ type: fc.constant("next-hop" as const), address: hostAddress }),
    record({ type: fc.constantFrom("multi-exit-disc" as const, "local-pref"), value: u32 }),
    fc.constant({ type: "atomic-aggregate" as const }),
    record({ type: fc.constant("aggregator" as const), asn: fourOctetAs ? u32 : u16, address: hostAddress }),
    record({ type: fc.constant("communities" as const), values: fc.array(u32, { maxLength: 80 }) }),
    record({ type: fc.constant("as4-path" as const), segments: segments(u32) }),
    record({ type: fc.constant("as4-aggregator" as const), asn: u32, address: hostAddress }),
    record({
      type: fc.constant("large-communities" as const),
      values: fc.array(fc.tuple(u32, u32, u32), { maxLength: 30 }),
    }),
    fc.record(
      {
        type: fc.constant("mp-reach" as const),
        family: fc.constant(6 as const),
        nextHop: anyIpv6,
        linkLocal: anyIpv6,
        prefixes: fc.array(prefix6, { maxLength: 20 }),
      },
      { requiredKeys: ["type", "family", "nextHop", "prefixes"], noNullPrototype: true },
    ),
    record({
      type: fc.constant("mp-unreach" as const),
      family: fc.constant(4 as const),
      prefixes: fc.array(prefix4, { maxLength: 20 }),
    }),
    record({
      type: fc.constant("unknown" as const),
      flags: fc.constantFrom(0x80, 0xc0, 0xe0),
      code: u8.filter((code) => !knownCodes.includes(code)),
      value: bytes(300),
    }),
  );

const mandatory: PathAttribute[] = [
  { type: "origin", origin: "incomplete" },
  { type: "as-path", segments: [] },
  { type: "next-hop", address: ipv4(0x0a000001) },
];

const message = (fourOctetAs: boolean): fc.Arbitrary<Message> =>
  fc.oneof(
    fc.constant({ type: "keepalive" as const }),
    record({ type: fc.constant("notification" as const), code: u8, subcode: u8, data: bytes(4_000) }),
    record({
      type: fc.constant("open" as const),
      asn: u16,
      holdTimeSeconds: u16,
      routerId: u32.map(ipv4),
      capabilities: fc.array(capability, { maxLength: 10 }),
    }),
    fc
      .uniqueArray(attribute(fourOctetAs), { selector: (each) => (each.type === "unknown" ? each.code : each.type) })
      .map((extra) => {
        const types = new Set<string>(extra.map(({ type }) => type));
        return [...mandatory.filter(({ type }) => !types.has(type)), ...extra];
      })
      .chain((attributes) =>
        record({
          type: fc.constant("update" as const),
          withdrawn: fc.array(prefix4, { maxLength: 50 }),
          attributes: fc.constant(attributes),
          announced: fc.array(prefix4, { maxLength: 50 }),
        }),
      ),
  );

/** The one message in `stream`. */
function only(stream: Uint8Array): Frame {
  const [frame, ...others] = new Framer().push(stream);
  assert.ok(frame !== undefined && !(frame instanceof ProtocolError) && others.length === 0);
  return frame;
}

for (const fourOctetAs of [true, false]) {
  test(`what is encoded decodes to the same, with AS numbers of ${fourOctetAs ? "four" : "two"} octets`, () => {
    fc.assert(
      fc.property(message(fourOctetAs), (message) => {
        const encoded = encodeMessage(message, { fourOctetAs });
        assert.deepEqual(decodeMessage(only(encoded), { fourOctetAs }), message);
      }),
      { numRuns: 2_000 },
    );
  });
}

/** Frames and errors in a form that outlives the framer's buffer. */
function outcomes(stream: Uint8Array, cuts: readonly number[]): string[] {
  const framer = new Framer();
  const found: string[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, stream.length]) {
    for (const outcome of framer.push(stream.subarray(from, end))) {
      found.push(
        outcome instanceof ProtocolError
          ? outcome.message
          : `${outcome.type} ${Buffer.from(outcome.body).toString("hex")}`,
      );
    }
    from = end;
  }
  return found;
}

test("a stream gives the same messages and the same error in whatever pieces it comes", () => {
  fc.assert(
    fc.property(fc.array(message(true), { maxLength: 6 }), bytes(40), fc.array(fc.nat()), (messages, rest, cuts) => {
      const parts = messages.map((each) => encodeMessage(each, { fourOctetAs: true }));
      const stream = Buffer.concat([...parts, rest]);
      const whole = outcomes(stream, []);
      assert.ok(whole.length >= messages.length);
      assert.deepEqual(outcomes(stream, cuts), whole);
      if (stream.length < 2_000) assert.deepEqual(outcomes(stream, [...stream.keys()]), whole);
    }),
  );
});

/** Good messages with a few octets changed: they get further into the decoder than noise does. */
const damaged = fc
  .tuple(message(true), fc.array(fc.tuple(fc.nat(), u8), { maxLength: 6 }), fc.nat(400))
  .map(([message, changes, cut]) => {
    const body = only(encodeMessage(message, { fourOctetAs: true })).body.slice();
    for (const [at, value] of changes) if (body.length > 0) body[at % body.length] = value;
    const type = { open: 1, update: 2, notification: 3, keepalive: 4 }[message.type];
    return { type, body: cut < 100 ? body.subarray(0, Math.max(10, body.length - cut)) : body };
  });

/** The code that goes with each type of message (RFC 4271 §6): nothing else may come of it. */
const codesOf: Readonly<Record<number, number>> = { 1: 2, 2: 3 };

test("any bytes give a message, or an error that a NOTIFICATION can carry, and nothing else", () => {
  const noise = record({ type: fc.integer({ min: 1, max: 4 }), body: bytes(200) });
  fc.assert(
    fc.property(fc.oneof(noise, damaged), fc.boolean(), (frame, fourOctetAs) => {
      const before = frame.body.slice();
      const outcome = decodeMessage(frame, { fourOctetAs });
      assert.deepEqual(frame.body, before, "decoding changes nothing");
      if (!(outcome instanceof ProtocolError)) return;
      assert.equal(outcome.code, codesOf[frame.type]);
      const { codeName, subcodeName } = describeNotification(outcome);
      assert.ok(!codeName.startsWith("Unknown"));
      assert.ok(subcodeName !== undefined || outcome.subcode === 0);
      assert.ok(encodeMessage(outcome.notification, { fourOctetAs }).length <= maxMessageLength);
    }),
    { numRuns: 20_000 },
  );
});

const origin = [0x40, 1, 1, 2];
const asPath = [0x40, 2, 6, 2, 1, 0, 0, 0xfe, 0xbb];
const nextHop = [0x40, 3, 4, 10, 0, 0, 1];
const nlri = [32, 172, 19, 100, 1];

/** An UPDATE that withdraws nothing. */
function update(attributes: readonly number[], announced: readonly number[] = nlri): Uint8Array {
  return Uint8Array.from([0, 0, attributes.length >>> 8, attributes.length & 255, ...attributes, ...announced]);
}

const malformed: readonly (readonly [what: string, body: Uint8Array, answer: string])[] = [
  ["withdrawn routes longer than the message", Uint8Array.of(0, 9, 0, 0), "3/1"],
  ["attributes longer than the message", Uint8Array.of(0, 0, 0, 9), "3/1"],
  ["an attribute longer than the attributes", update([...origin, ...asPath, 0x40, 3, 200, 10, 0, 0, 1]), "3/1"],
  ["an attribute twice", update([...origin, ...origin, ...asPath, ...nextHop]), "3/1"],
  ["a well-known attribute that does not exist", update([...origin, ...asPath, ...nextHop, 0x40, 99, 0]), "3/2 406300"],
  ["no ORIGIN", update([...asPath, ...nextHop]), "3/3 01"],
  ["no AS_PATH", update([...origin, ...nextHop]), "3/3 02"],
  ["no NEXT_HOP", update([...origin, ...asPath]), "3/3 03"],
  ["an optional ORIGIN", update([0xc0, 1, 1, 2, ...asPath, ...nextHop]), "3/4 c0010102"],
  ["a partial NEXT_HOP", update([...origin, ...asPath, 0x60, 3, 4, 10, 0, 0, 1]), "3/4 6003040a000001"],
  ["an ORIGIN of two octets", update([0x40, 1, 2, 2, 2, ...asPath, ...nextHop]), "3/5 4001020202"],
  ["a NEXT_HOP of three octets", update([...origin, ...asPath, 0x40, 3, 3, 10, 0, 0]), "3/5 4003030a0000"],
  ["ORIGIN 3", update([0x40, 1, 1, 3, ...asPath, ...nextHop]), "3/6 40010103"],
  ["NEXT_HOP 0.0.0.0", update([...origin, ...asPath, 0x40, 3, 4, 0, 0, 0, 0]), "3/8 40030400000000"],
  ["NEXT_HOP 224.0.0.1", update([...origin, ...asPath, 0x40, 3, 4, 224, 0, 0, 1]), "3/8 400304e0000001"],
  ["MP_REACH_NLRI that is cut off", update([...origin, ...asPath, 0x80, 14, 4, 0, 2, 1, 16], []), "3/9 800e0400020110"],
  ["a prefix of 33 bits", update([...origin, ...asPath, ...nextHop], [33, 1, 2, 3, 4, 5]), "3/10"],
  ["a prefix that is cut off", update([...origin, ...asPath, ...nextHop], [32, 1, 2, 3]), "3/10"],
  ["a segment of unknown type", update([...origin, 0x40, 2, 6, 9, 1, 0, 0, 0, 1, ...nextHop]), "3/11"],
  ["a segment that is cut off", update([...origin, 0x40, 2, 4, 2, 2, 0, 1, ...nextHop]), "3/11"],
  ["an empty segment", update([...origin, 0x40, 2, 2, 2, 0, ...nextHop]), "3/11"],
];

for (const [what, body, answer] of malformed) {
  test(`an UPDATE with ${what} is answered ${answer}`, () => {
    const outcome = decodeMessage({ type: 2, body }, { fourOctetAs: true });
    assert.ok(outcome instanceof ProtocolError);
    const data = Buffer.from(outcome.data).toString("hex");
    assert.equal(`${outcome.code}/${outcome.subcode} ${data}`.trim(), answer);
  });
}

test("attributes and families that we do not know are passed over", () => {
  const vpn = [0x80, 14, 5, 0, 1, 128, 0, 0];
  const body = update([...vpn, ...origin, ...asPath, ...nextHop, 0xe0, 99, 2, 7, 7]);
  const outcome = decodeMessage({ type: 2, body }, { fourOctetAs: true });
  assert.ok(!(outcome instanceof ProtocolError) && outcome.type === "update");
  assert.deepEqual(
    outcome.attributes.map((each) => (each.type === "unknown" ? each.code : each.type)),
    [14, "origin", "as-path", "next-hop", 99],
  );
});
