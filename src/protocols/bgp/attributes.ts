import type { AddressFamily } from "../../net/index.ts";
import type { AsPathSegment, CodecContext, LargeCommunity, Origin, PathAttribute } from "./messages.ts";
import { decodePrefixes, encodePrefix } from "./nlri.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

const optional = 0x80;
const transitive = 0x40;
const partial = 0x20;
const extendedLength = 0x10;

type KnownAttribute = Exclude<PathAttribute, { type: "unknown" }>;

/** Code and category of what we read (RFC 4271 §5, RFC 1997, RFC 4760, RFC 6793, RFC 8092). */
const registry: Readonly<Record<KnownAttribute["type"], { readonly code: number; readonly flags: number }>> = {
  origin: { code: 1, flags: transitive },
  "as-path": { code: 2, flags: transitive },
  "next-hop": { code: 3, flags: transitive },
  "multi-exit-disc": { code: 4, flags: optional },
  "local-pref": { code: 5, flags: transitive },
  "atomic-aggregate": { code: 6, flags: transitive },
  aggregator: { code: 7, flags: optional | transitive },
  communities: { code: 8, flags: optional | transitive },
  "mp-reach": { code: 14, flags: optional },
  "mp-unreach": { code: 15, flags: optional },
  "as4-path": { code: 17, flags: optional | transitive },
  "as4-aggregator": { code: 18, flags: optional | transitive },
  "large-communities": { code: 32, flags: optional | transitive },
};

export const attributeCodes = Object.fromEntries(
  Object.entries(registry).map(([type, { code }]) => [type, code]),
) as Readonly<Record<KnownAttribute["type"], number>>; // fromEntries forgets the keys

const typesByCode = new Map(
  Object.entries(registry).map(([type, { code }]) => [code, type as KnownAttribute["type"]]), // as above
);

const origins: readonly Origin[] = ["igp", "egp", "incomplete"];
/** By type octet less one (RFC 4271 §4.3, RFC 5065 §3). */
const segmentTypes: readonly AsPathSegment["type"][] = ["set", "sequence", "confed-sequence", "confed-set"];

/** The whole attribute section of an UPDATE, checked as RFC 4271 §6.3 says. */
export function decodeAttributes(fields: Reader, context: CodecContext): PathAttribute[] {
  const attributes: PathAttribute[] = [];
  const seen = new Set<number>();
  while (fields.remaining > 0) {
    const flags = fields.u8();
    const code = fields.u8();
    const length = (flags & extendedLength) === 0 ? fields.u8() : fields.u16();
    const value = fields.bytes(length);
    if (seen.has(code)) throw new ProtocolError(3, 1);
    seen.add(code);
    attributes.push(new AttributeDecoder(flags, code, value, context).decode());
  }
  return attributes;
}

/** One attribute and the errors that concern it: they carry it whole, as it came (RFC 4271 §6.3). */
class AttributeDecoder {
  readonly #flags: number;
  readonly #code: number;
  readonly #value: Uint8Array;
  readonly #fields: Reader;
  readonly #context: CodecContext;

  constructor(flags: number, code: number, value: Uint8Array, context: CodecContext) {
    this.#flags = flags;
    this.#code = code;
    this.#value = value;
    this.#context = context;
    this.#fields = new Reader(value, () => this.#error(5));
  }

  decode(): PathAttribute {
    const type = typesByCode.get(this.#code);
    if (type === undefined) {
      if ((this.#flags & optional) === 0) throw this.#error(2);
      return this.#unknown();
    }
    this.#checkFlags(registry[type].flags);
    const attribute = this.#decodeKnown(type);
    if (this.#fields.remaining > 0) throw this.#error(5);
    return attribute;
  }

  #decodeKnown(type: KnownAttribute["type"]): PathAttribute {
    const fields = this.#fields;
    switch (type) {
      case "origin": {
        const origin = origins[fields.u8()];
        if (origin === undefined) throw this.#error(6);
        return { type, origin };
      }
      case "as-path":
        return { type, segments: this.#segments(this.#context.fourOctetAs) };
      case "as4-path":
        return { type, segments: this.#segments(true) };
      case "next-hop": {
        const address = fields.ipv4();
        if (!isHostAddress(address.value)) throw this.#error(8);
        return { type, address };
      }
      case "multi-exit-disc":
      case "local-pref":
        return { type, value: fields.u32() };
      case "atomic-aggregate":
        return { type };
      case "aggregator":
        return { type, asn: this.#context.fourOctetAs ? fields.u32() : fields.u16(), address: fields.ipv4() };
      case "as4-aggregator":
        return { type, asn: fields.u32(), address: fields.ipv4() };
      case "communities":
        return { type, values: this.#repeated(() => fields.u32()) };
      case "large-communities":
        return { type, values: this.#repeated((): LargeCommunity => [fields.u32(), fields.u32(), fields.u32()]) };
      case "mp-reach":
        return this.#reach();
      case "mp-unreach":
        return this.#unreach();
    }
  }

  #checkFlags(expected: number): void {
    const mayBePartial = expected === (optional | transitive);
    const categories = this.#flags & (optional | transitive);
    if (categories !== expected || (!mayBePartial && (this.#flags & partial) !== 0)) throw this.#error(4);
  }

  #segments(fourOctets: boolean): AsPathSegment[] {
    const malformed = () => (this.#code === attributeCodes["as-path"] ? new ProtocolError(3, 11) : this.#error(9));
    const fields = new Reader(this.#value, malformed);
    const segments: AsPathSegment[] = [];
    while (fields.remaining > 0) {
      const type = segmentTypes[fields.u8() - 1];
      const count = fields.u8();
      if (type === undefined || count === 0) throw malformed();
      const numbers = fields.part(count * (fourOctets ? 4 : 2));
      const asns: number[] = [];
      while (numbers.remaining > 0) asns.push(fourOctets ? numbers.u32() : numbers.u16());
      segments.push({ type, asns });
    }
    this.#fields.bytes(this.#fields.remaining);
    return segments;
  }

  #repeated<T>(read: () => T): T[] {
    const values: T[] = [];
    while (this.#fields.remaining > 0) values.push(read());
    return values;
  }

  /** RFC 4760 §3; for IPv6 with a next hop of one or two addresses (RFC 2545 §3). */
  #reach(): PathAttribute {
    const fields = new Reader(this.#value, () => this.#error(9));
    const family = this.#family(fields);
    if (family === undefined) return this.#unknown();
    const nextHopLength = fields.u8();
    const expected = family === 4 ? [4] : [16, 32];
    if (!expected.includes(nextHopLength)) throw this.#error(9);
    const nextHop = family === 4 ? fields.ipv4() : fields.ipv6();
    const linkLocal = nextHopLength === 32 ? { linkLocal: fields.ipv6() } : {};
    fields.u8(); // reserved: "SHOULD be ignored upon receipt"
    return { type: "mp-reach", family, nextHop, ...linkLocal, prefixes: this.#prefixes(fields, family) };
  }

  /** RFC 4760 §4. */
  #unreach(): PathAttribute {
    const fields = new Reader(this.#value, () => this.#error(9));
    const family = this.#family(fields);
    if (family === undefined) return this.#unknown();
    return { type: "mp-unreach", family, prefixes: this.#prefixes(fields, family) };
  }

  #prefixes(fields: Reader, family: AddressFamily) {
    const prefixes = decodePrefixes(fields, family, () => this.#error(9));
    this.#fields.bytes(this.#fields.remaining);
    return prefixes;
  }

  #family(fields: Reader): AddressFamily | undefined {
    const afi = fields.u16();
    const safi = fields.u8();
    if (safi !== 1) return undefined;
    return afi === 1 ? 4 : afi === 2 ? 6 : undefined;
  }

  #unknown(): PathAttribute {
    this.#fields.bytes(this.#fields.remaining);
    return { type: "unknown", flags: this.#flags & ~extendedLength, code: this.#code, value: this.#value.slice() };
  }

  #error(subcode: number): ProtocolError {
    const { length } = this.#value;
    const header =
      (this.#flags & extendedLength) === 0
        ? [this.#flags, this.#code, length]
        : [this.#flags, this.#code, length >>> 8, length & 255];
    return new ProtocolError(3, subcode, Uint8Array.from([...header, ...this.#value]));
  }
}

/** Neither "this network", loopback, multicast nor reserved (RFC 4271 §6.3: a valid IP host address). */
function isHostAddress(value: number): boolean {
  const first = value >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

/** Throws `RangeError` where `out` is full. */
export function encodeAttribute(attribute: PathAttribute, context: CodecContext, out: Writer): void {
  const flags = attribute.type === "unknown" ? attribute.flags : registry[attribute.type].flags;
  const code = attribute.type === "unknown" ? attribute.code : registry[attribute.type].code;
  const isLong = valueOctets(attribute, context) > 255;
  out.u8(isLong ? flags | extendedLength : flags);
  out.u8(code);
  const lengthAt = out.length;
  if (isLong) out.u16(0);
  else out.u8(0);
  const start = out.length;
  encodeValue(attribute, context, out);
  if (isLong) out.patchU16(lengthAt, out.length - start);
  else out.patchU8(lengthAt, out.length - start);
}

/** An upper bound that is exact around 255, where it matters: for all but prefixes, which are counted whole. */
function valueOctets(attribute: PathAttribute, context: CodecContext): number {
  switch (attribute.type) {
    case "as-path":
      return segmentOctets(attribute.segments, context.fourOctetAs);
    case "as4-path":
      return segmentOctets(attribute.segments, true);
    case "communities":
      return 4 * attribute.values.length;
    case "large-communities":
      return 12 * attribute.values.length;
    case "mp-reach":
    case "mp-unreach":
      return 40 + 17 * attribute.prefixes.length;
    case "unknown":
      return attribute.value.length;
    default:
      return 8;
  }
}

function segmentOctets(segments: readonly AsPathSegment[], fourOctets: boolean): number {
  return segments.reduce((sum, { asns }) => sum + 2 + asns.length * (fourOctets ? 4 : 2), 0);
}

function encodeValue(attribute: PathAttribute, context: CodecContext, out: Writer): void {
  switch (attribute.type) {
    case "origin":
      return out.u8(origins.indexOf(attribute.origin));
    case "as-path":
      return encodeSegments(attribute.segments, context.fourOctetAs, out);
    case "as4-path":
      return encodeSegments(attribute.segments, true, out);
    case "next-hop":
      return out.u32(attribute.address.value);
    case "multi-exit-disc":
    case "local-pref":
      return out.u32(attribute.value);
    case "atomic-aggregate":
      return undefined;
    case "aggregator":
    case "as4-aggregator":
      if (attribute.type === "as4-aggregator" || context.fourOctetAs) out.u32(attribute.asn);
      else out.u16(attribute.asn);
      return out.u32(attribute.address.value);
    case "communities":
      return attribute.values.forEach((value) => out.u32(value));
    case "large-communities":
      return attribute.values.forEach((value) => value.forEach((part) => out.u32(part)));
    case "mp-reach":
      encodeReachHead(attribute, out);
      return attribute.prefixes.forEach((prefix) => encodePrefix(prefix, out));
    case "mp-unreach":
      encodeFamily(attribute.family, out);
      return attribute.prefixes.forEach((prefix) => encodePrefix(prefix, out));
    case "unknown":
      return out.bytes(attribute.value);
  }
}

function encodeReachHead(reach: Extract<PathAttribute, { type: "mp-reach" }>, out: Writer): void {
  encodeFamily(reach.family, out);
  if (reach.nextHop.family === 4) {
    out.u8(4);
    out.u32(reach.nextHop.value);
  } else {
    out.u8(reach.linkLocal === undefined ? 16 : 32);
    out.ipv6(reach.nextHop.value);
    if (reach.linkLocal !== undefined) out.ipv6(reach.linkLocal.value);
  }
  out.u8(0);
}

/** AFI and SAFI unicast. */
function encodeFamily(family: AddressFamily, out: Writer): void {
  out.u16(family === 4 ? 1 : 2);
  out.u8(1);
}

function encodeSegments(segments: readonly AsPathSegment[], fourOctets: boolean, out: Writer): void {
  for (const { type, asns } of segments) {
    out.u8(segmentTypes.indexOf(type) + 1);
    out.u8(asns.length);
    for (const asn of asns) {
      if (fourOctets) out.u32(asn);
      else out.u16(asn);
    }
  }
}
