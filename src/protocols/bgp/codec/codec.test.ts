import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv4, ipv6, prefixOf, type Prefix } from "../../../net/index.ts";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { Framer, type Frame } from "./framing.ts";
import {
  type AsPathSegment,
  type Capability,
  type ExtendedCommunity,
  type Message,
  type PathAttribute,
} from "./messages.ts";
import { ProtocolError } from "./notification.ts";

const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { noNullPrototype: true });
const u8 = fc.nat(255);
const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const asn2 = fc.integer({ min: 1, max: 0xffff });
const asn4 = fc.integer({ min: 1, max: 0xffffffff });
const hostAddress = fc.integer({ min: 0x01000000, max: 0x7effffff }).map(ipv4);
const anyIpv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(ipv6);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const prefix4: fc.Arbitrary<Prefix> = fc.tuple(u32, fc.nat(32)).map(([value, length]) => prefixOf(ipv4(value), length));
const prefix6: fc.Arbitrary<Prefix> = fc.tuple(anyIpv6, fc.nat(128)).map(([value, length]) => prefixOf(value, length));

const capability: fc.Arbitrary<Capability> = fc.oneof(
  record({ type: fc.constant("multiprotocol" as const), afi: u16, safi: u8 }),
  record({ type: fc.constant("four-octet-as" as const), asn: u32 }),
  record({ type: fc.constantFrom("route-refresh" as const, "enhanced-route-refresh", "extended-message") }),
  record({
    type: fc.constant("extended-next-hop" as const),
    families: fc.array(record({ afi: u16, safi: u16, nextHopAfi: u16 }), { maxLength: 4 }),
  }),
  record({
    type: fc.constant("graceful-restart" as const),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTimeSeconds: fc.nat(4095),
    families: fc.array(record({ afi: u16, safi: u8, forwarding: fc.boolean() }), { maxLength: 4 }),
  }),
  record({
    type: fc.constant("unknown" as const),
    code: u8.filter((code) => ![1, 2, 5, 6, 64, 65, 70].includes(code)),
    value: bytes(20),
  }),
);

const segments = (
  asn: fc.Arbitrary<number>,
  types: readonly AsPathSegment["type"][] = ["set", "sequence", "confed-sequence", "confed-set"],
): fc.Arbitrary<AsPathSegment[]> =>
  fc.array(
    record({
      type: fc.constantFrom(...types),
      asns: fc.array(asn, { minLength: 1, maxLength: 70 }),
    }),
    { maxLength: 3 },
  );

const knownCodes = [1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 32];

const extendedCommunity: fc.Arbitrary<ExtendedCommunity> = fc.oneof(
  record({ type: fc.constant("link-bandwidth" as const), asn: u16, bytesPerSecond: fc.float({ noNaN: true }) }),
  record({ type: fc.constantFrom("route-target" as const, "route-origin"), asn: u16, value: u32 }),
  record({
    type: fc.constantFrom("route-target" as const, "route-origin"),
    asn: fc.integer({ min: 0x10000, max: 0xffffffff }),
    value: u16,
  }),
  record({
    type: fc.constant("unknown" as const),
    octets: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((octets) => octets.with(0, 0x03)),
  }),
);

const forOldSpeakers: readonly fc.Arbitrary<PathAttribute>[] = [
  record({ type: fc.constant("as4-path" as const), segments: segments(asn4, ["set", "sequence"]) }),
  record({ type: fc.constant("as4-aggregator" as const), asn: asn4, address: hostAddress }),
];

const attribute = (fourOctetAs: boolean): fc.Arbitrary<PathAttribute> =>
  fc.oneof(
    record({ type: fc.constant("origin" as const), origin: fc.constantFrom("igp" as const, "egp", "incomplete") }),
    record({ type: fc.constant("as-path" as const), segments: segments(fourOctetAs ? asn4 : asn2) }),
    record({ type: fc.constant("next-hop" as const), address: hostAddress }),
    record({ type: fc.constantFrom("multi-exit-disc" as const, "local-pref"), value: u32 }),
    fc.constant({ type: "atomic-aggregate" as const }),
    record({ type: fc.constant("aggregator" as const), asn: fourOctetAs ? asn4 : asn2, address: hostAddress }),
    record({ type: fc.constant("communities" as const), values: fc.array(u32, { minLength: 1, maxLength: 80 }) }),
    ...(fourOctetAs ? [] : forOldSpeakers),
    record({
      type: fc.constant("large-communities" as const),
      values: fc.array(fc.tuple(u32, u32, u32), { minLength: 1, maxLength: 30 }),
    }),
    record({
      type: fc.constant("extended-communities" as const),
      values: fc.array(extendedCommunity, { minLength: 1, maxLength: 40 }),
    }),
    record({
      type: fc.constant("mp-reach" as const),
      family: fc.constant(4 as const),
      nextHop: fc.oneof(hostAddress, anyIpv6),
      prefixes: fc.array(prefix4, { maxLength: 20 }),
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
  { type: "local-pref", value: 100 },
];

const message = (fourOctetAs: boolean): fc.Arbitrary<Message> =>
  fc.oneof(
    fc.constant({ type: "keepalive" as const }),
    record({ type: fc.constant("route-refresh" as const), afi: u16, safi: u8, subtype: u8 }),
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
        const context = { fourOctetAs, internal: true, extendedNextHop: true };
        assert.deepEqual(decodeMessage(only(encodeMessage(message, context)), context), message);
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

const origin = [0x40, 1, 1, 2];
const asPath = [0x40, 2, 6, 2, 1, 0, 0, 0xfe, 0xbb];
const nextHop = [0x40, 3, 4, 10, 0, 0, 1];
const nlri = [32, 172, 19, 100, 1];

/** An UPDATE that withdraws nothing. */
function update(attributes: readonly number[], announced: readonly number[] = nlri): Uint8Array {
  return Uint8Array.from([0, 0, attributes.length >>> 8, attributes.length & 255, ...attributes, ...announced]);
}

const unreach = [0x80, 15, 20, 0, 2, 1, 128, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/** What leaves the prefixes in doubt ends the session (RFC 7606 §3, §5). */
const malformed: readonly (readonly [what: string, body: Uint8Array, answer: string])[] = [
  ["withdrawn routes longer than the message", Uint8Array.of(0, 9, 0, 0), "3/1"],
  ["attributes longer than the message", Uint8Array.of(0, 0, 0, 9), "3/1"],
  ["MP_UNREACH_NLRI twice", update([...unreach, ...unreach], []), "3/1"],
  ["a malformed attribute and no prefix", update([0x40, 1, 1, 3, ...asPath], []), "3/1"],
  ["a well-known attribute that does not exist", update([...origin, ...asPath, ...nextHop, 0x40, 99, 0]), "3/2 406300"],
  ["MP_REACH_NLRI that is cut off", update([...origin, ...asPath, 0x80, 14, 4, 0, 2, 1, 16], []), "3/9 800e0400020110"],
  ["a prefix of 33 bits", update([...origin, ...asPath, ...nextHop], [33, 1, 2, 3, 4, 5]), "3/10"],
  ["a prefix that is cut off", update([...origin, ...asPath, ...nextHop], [32, 1, 2, 3]), "3/10"],
];

for (const [what, body, answer] of malformed) {
  test(`an UPDATE with ${what} is answered ${answer}`, () => {
    const outcome = decodeMessage({ type: 2, body }, { fourOctetAs: true });
    assert.ok(outcome instanceof ProtocolError);
    const data = Buffer.from(outcome.data).toString("hex");
    assert.equal(`${outcome.code}/${outcome.subcode} ${data}`.trim(), answer);
  });
}

/** RFC 7606 §7. */
const withdrawing: readonly (readonly [what: string, attributes: readonly number[], attribute: number])[] = [
  ["an attribute longer than the attributes", [...origin, ...asPath, ...nextHop, 0x80, 4, 200, 10, 0, 0, 1], 0],
  ["no ORIGIN", [...asPath, ...nextHop], 1],
  ["no AS_PATH", [...origin, ...nextHop], 2],
  ["no NEXT_HOP", [...origin, ...asPath], 3],
  ["an optional ORIGIN", [0xc0, 1, 1, 2, ...asPath, ...nextHop], 1],
  ["a partial NEXT_HOP", [...origin, ...asPath, 0x60, 3, 4, 10, 0, 0, 1], 3],
  ["an ORIGIN of two octets", [0x40, 1, 2, 2, 2, ...asPath, ...nextHop], 1],
  ["ORIGIN 3", [0x40, 1, 1, 3, ...asPath, ...nextHop], 1],
  ["a NEXT_HOP of three octets", [...origin, ...asPath, 0x40, 3, 3, 10, 0, 0], 3],
  ["NEXT_HOP 0.0.0.0", [...origin, ...asPath, 0x40, 3, 4, 0, 0, 0, 0], 3],
  ["NEXT_HOP 224.0.0.1", [...origin, ...asPath, 0x40, 3, 4, 224, 0, 0, 1], 3],
  ["a segment of unknown type", [...origin, 0x40, 2, 6, 9, 1, 0, 0, 0, 1, ...nextHop], 2],
  ["a segment that is cut off", [...origin, 0x40, 2, 4, 2, 2, 0, 1, ...nextHop], 2],
  ["an empty segment", [...origin, 0x40, 2, 2, 2, 0, ...nextHop], 2],
  ["MULTI_EXIT_DISC of three octets", [...origin, ...asPath, ...nextHop, 0x80, 4, 3, 0, 0, 0], 4],
  ["communities of six octets", [...origin, ...asPath, ...nextHop, 0xc0, 8, 6, 0, 0, 0, 0, 0, 0], 8],
  ["no community in COMMUNITIES", [...origin, ...asPath, ...nextHop, 0xc0, 8, 0], 8],
  ["an extended community of four octets", [...origin, ...asPath, ...nextHop, 0xc0, 16, 4, 0, 2, 0, 0], 16],
  ["a large community of four octets", [...origin, ...asPath, ...nextHop, 0xc0, 32, 4, 0, 2, 0, 0], 32],
];

for (const [what, attributes, attribute] of withdrawing) {
  test(`an UPDATE with ${what} withdraws its prefixes`, () => {
    const outcome = decodeMessage({ type: 2, body: update(attributes) }, { fourOctetAs: true });
    assert.ok(!(outcome instanceof ProtocolError) && outcome.type === "update");
    assert.deepEqual(outcome.faults, [{ code: "treat-as-withdraw", attribute }]);
    assert.deepEqual(outcome.withdrawn, [prefixOf(ipv4(0xac136401), 32)]);
    assert.deepEqual([outcome.attributes, outcome.announced], [[], []]);
  });
}

test("a malformed UPDATE withdraws IPv6 prefixes, too", () => {
  const reach = [0x80, 14, 23, 0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0x20];
  const outcome = decodeMessage({ type: 2, body: update([...reach, ...asPath], []) }, { fourOctetAs: true });
  assert.ok(!(outcome instanceof ProtocolError) && outcome.type === "update");
  const prefixes = [prefixOf(ipv6(0x20n << 120n), 8)];
  assert.deepEqual(outcome.attributes, [{ type: "mp-unreach", family: 6, prefixes }]);
});

const discarding: readonly (readonly [what: string, attribute: readonly number[], code: number])[] = [
  ["an attribute twice", origin, 1],
  ["ATOMIC_AGGREGATE of one octet", [0x40, 6, 1, 0], 6],
  ["AGGREGATOR of four octets", [0xc0, 7, 4, 0, 0, 0, 0], 7],
  ["LOCAL_PREF from another AS", [0x40, 5, 4, 0, 0, 0, 9], 5],
  ["an AS4_PATH that is cut off", [0xc0, 17, 3, 2, 1, 0], 17],
];

for (const [what, extra, attribute] of discarding) {
  test(`an UPDATE with ${what} announces its prefixes without it`, () => {
    const body = update([...origin, ...asPath, ...nextHop, ...extra]);
    const outcome = decodeMessage({ type: 2, body }, { fourOctetAs: true });
    assert.ok(!(outcome instanceof ProtocolError) && outcome.type === "update");
    assert.deepEqual(outcome.faults, [{ code: "attribute-discard", attribute }]);
    assert.equal(outcome.announced.length, 1);
    assert.equal(outcome.attributes.length, 3);
  });
}

test("an OPEN holds more capabilities than 255 octets, in the form of RFC 9072", () => {
  const capabilities = Array.from({ length: 4 }, (_, index) => {
    return { type: "unknown" as const, code: 200 + index, value: new Uint8Array(200) };
  });
  const open: Message = { type: "open", asn: 1, holdTimeSeconds: 90, routerId: ipv4(1), capabilities };
  const encoded = encodeMessage(open, { fourOctetAs: true });
  assert.deepEqual([...encoded.subarray(28, 30)], [255, 255]);
  assert.deepEqual(decodeMessage(only(encoded), { fourOctetAs: true }), open);
});

test("a message above 4,096 octets is taken only once it has been agreed on", () => {
  const data = new Uint8Array(20_000).fill(7);
  const notification: Message = { type: "notification", code: 6, subcode: 2, data };
  const encoded = encodeMessage(notification, { fourOctetAs: true, maxMessageLength: 65_535 });
  assert.equal(encoded.length, 20_021);
  const [refused] = new Framer().push(encoded);
  assert.ok(refused instanceof ProtocolError);
  const framer = new Framer();
  framer.allowExtended();
  assert.equal([...framer.push(encoded.subarray(0, 5_000))].length, 0);
  const [frame] = framer.push(encoded.subarray(5_000));
  assert.ok(frame !== undefined && !(frame instanceof ProtocolError));
  assert.deepEqual(decodeMessage(frame, { fourOctetAs: true }), notification);
});

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

test("what is decoded keeps no part of the buffer that it came in", () => {
  const chunk = Buffer.from(
    update([...origin, ...asPath, ...nextHop, 0xc0, 99, 1, 7, 0xc0, 16, 8, 3, 3, 3, 3, 3, 3, 3, 3]),
  );
  const outcomes = [
    decodeMessage({ type: 2, body: chunk }, { fourOctetAs: true }),
    decodeMessage({ type: 3, body: Buffer.from([6, 2, 7]) }, { fourOctetAs: true }),
    decodeMessage(
      { type: 1, body: Buffer.from([4, 0, 1, 0, 90, 1, 1, 1, 1, 5, 2, 3, 199, 1, 7]) },
      { fourOctetAs: true },
    ),
  ];
  assert.doesNotMatch(JSON.stringify(outcomes), /"type":"Buffer"/);
});

test("of AS4_PATH, a confederation's segments are dropped, and between four-octet speakers all of it", () => {
  const old = [0x40, 2, 4, 2, 1, 0xfe, 0xbb];
  const as4Path = [0xc0, 17, 12, 3, 1, 0, 0, 0xfd, 0xe8, 2, 1, 0, 1, 0, 0];
  const read = (fourOctetAs: boolean, path: readonly number[]) => {
    const outcome = decodeMessage(
      { type: 2, body: update([...origin, ...path, ...nextHop, ...as4Path]) },
      { fourOctetAs },
    );
    assert.ok(!(outcome instanceof ProtocolError) && outcome.type === "update");
    return outcome.attributes.find(({ type }) => type === "as4-path");
  };
  assert.deepEqual(read(false, old), { type: "as4-path", segments: [{ type: "sequence", asns: [65_536] }] });
  assert.equal(read(true, asPath), undefined);
});
