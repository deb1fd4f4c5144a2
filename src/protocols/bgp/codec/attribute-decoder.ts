import type { AddressFamily } from "../../../net/index.ts";
import {
  attributeCodes,
  extendedLength,
  optional,
  origins,
  partial,
  registry,
  segmentTypes,
  transitive,
  type KnownAttribute,
} from "./attribute-registry.ts";
import { decodeExtendedCommunity } from "./extended-communities.ts";
import type { AsPathSegment, CodecContext, LargeCommunity, PathAttribute, UpdateFault } from "./messages.ts";
import { decodePrefixes } from "./nlri.ts";
import { ProtocolError } from "./notification.ts";
import { Reader } from "./wire.ts";

const typesByCode = new Map(
  Object.entries(registry).map(([type, { code }]) => [code, type as KnownAttribute["type"]]), // entries forgets the keys
);

export interface DecodedAttributes {
  readonly attributes: readonly PathAttribute[];
  readonly faults: readonly UpdateFault[];
}

/** What RFC 7606 answers without ending the session; what does end it is a `ProtocolError`. */
class Malformed extends Error {
  readonly answer: UpdateFault["code"];

  constructor(answer: UpdateFault["code"]) {
    super(`malformed attribute: ${answer}`);
    this.answer = answer;
  }
}

/** The whole attribute section of an UPDATE. Throws `ProtocolError` where its prefixes cannot be told any more. */
export function decodeAttributes(fields: Reader, context: CodecContext): DecodedAttributes {
  const attributes: PathAttribute[] = [];
  const faults: UpdateFault[] = [];
  const seen = new Set<number>();
  // RFC 7606 §4: an attribute that runs over the end spoils the list, but not what comes after the list.
  const overrun = () => new Malformed("treat-as-withdraw");
  let code = 0;
  const rest = new Reader(fields.bytes(fields.remaining), overrun);
  while (rest.remaining > 0) {
    code = 0;
    try {
      const flags = rest.u8();
      const attributeCode = rest.u8();
      const length = (flags & extendedLength) === 0 ? rest.u8() : rest.u16();
      const value = rest.bytes(length);
      code = attributeCode;
      if (seen.has(code)) repeated(code);
      seen.add(code);
      const decoder = new AttributeDecoder(flags, code, value, context);
      // Its routes go all the same; prefixes that can be read are what is to be withdrawn.
      if (decoder.hasWrongFlags) faults.push({ code: "treat-as-withdraw", attribute: code });
      attributes.push(decoder.decode());
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      faults.push({ code: error.answer, attribute: code });
      if (code === 0) break;
    }
  }
  return { attributes, faults };
}

/** RFC 7606 §3(g). */
function repeated(code: number): never {
  if (code === attributeCodes["mp-reach"] || code === attributeCodes["mp-unreach"]) throw new ProtocolError(3, 1);
  throw new Malformed("attribute-discard");
}

/** One attribute. An error that ends the session carries it whole, as it came (RFC 4271 §6.3). */
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
    this.#fields = new Reader(value, () => this.#malformed());
  }

  decode(): PathAttribute {
    const type = typesByCode.get(this.#code);
    if (type === undefined) {
      if ((this.#flags & optional) === 0) throw this.#error(2);
      return this.#unknown();
    }
    if (this.#isOutOfPlace(type)) throw new Malformed("attribute-discard");
    const attribute = this.#decodeKnown(type);
    if (this.#fields.remaining > 0) throw this.#malformed();
    return attribute;
  }

  #decodeKnown(type: KnownAttribute["type"]): PathAttribute {
    const fields = this.#fields;
    switch (type) {
      case "origin": {
        const origin = origins[fields.u8()];
        if (origin === undefined) throw this.#malformed();
        return { type, origin };
      }
      case "as-path":
        return { type, segments: this.#path() };
      case "as4-path":
        // RFC 6793 §6: a confederation's segments are dropped from it.
        return {
          type,
          segments: this.#segments(true).filter(({ type: kind }) => kind === "set" || kind === "sequence"),
        };
      case "next-hop": {
        const address = fields.ipv4();
        if (!isHostAddress(address.value)) throw this.#malformed();
        return { type, address };
      }
      case "multi-exit-disc":
      case "local-pref":
        return { type, value: fields.u32() };
      case "atomic-aggregate":
        return { type };
      case "aggregator":
        return { type, asn: this.#asn(fields, this.#context.fourOctetAs), address: fields.ipv4() };
      case "as4-aggregator":
        return { type, asn: this.#asn(fields, true), address: fields.ipv4() };
      case "communities":
        return { type, values: this.#repeated(() => fields.u32()) };
      case "extended-communities":
        return { type, values: this.#repeated(() => decodeExtendedCommunity(fields.bytes(8))) };
      case "large-communities":
        return { type, values: this.#repeated((): LargeCommunity => [fields.u32(), fields.u32(), fields.u32()]) };
      case "mp-reach":
        return this.#reach();
      case "mp-unreach":
        return this.#unreach();
    }
  }

  /**
   * What RFC 7606 §7 wants: the attributes that no route depends on are dropped, so are those of four-octet AS numbers for
   * old speakers (RFC 6793 §6); the others take their routes with them.
   */
  #malformed(): Malformed {
    const type = typesByCode.get(this.#code);
    const isDispensable =
      type === "atomic-aggregate" || type === "aggregator" || type === "as4-path" || type === "as4-aggregator";
    return new Malformed(isDispensable ? "attribute-discard" : "treat-as-withdraw");
  }

  /** A LOCAL_PREF from another AS (RFC 7606 §7.5), or what is for speakers of two-octet AS numbers alone (RFC 6793 §4.1). */
  #isOutOfPlace(type: KnownAttribute["type"]): boolean {
    if (type === "local-pref") return this.#context.internal !== true;
    return this.#context.fourOctetAs && (type === "as4-path" || type === "as4-aggregator");
  }

  /** RFC 7606 §3(c), also for those that are dropped for other faults; RFC 4271 §4.3 for the Partial bit. */
  get hasWrongFlags(): boolean {
    const type = typesByCode.get(this.#code);
    if (type === undefined || this.#isOutOfPlace(type)) return false;
    const expected = registry[type].flags;
    const mayBePartial = expected === (optional | transitive);
    return (this.#flags & (optional | transitive | (mayBePartial ? 0 : partial))) !== expected;
  }

  /** A confederation's segments may come only from within it (RFC 5065 §5), which another AS is not. */
  #path(): AsPathSegment[] {
    const segments = this.#segments(this.#context.fourOctetAs);
    const isPlain = segments.every(({ type }) => type === "set" || type === "sequence");
    if (!isPlain && this.#context.internal !== true) throw this.#malformed();
    return segments;
  }

  /** RFC 7607 §2: 0 is nobody's. */
  #asn(fields: Reader, fourOctets: boolean): number {
    const asn = fourOctets ? fields.u32() : fields.u16();
    if (asn === 0) throw this.#malformed();
    return asn;
  }

  #segments(fourOctets: boolean): AsPathSegment[] {
    const fields = this.#fields;
    const segments: AsPathSegment[] = [];
    while (fields.remaining > 0) {
      const type = segmentTypes[fields.u8() - 1];
      const count = fields.u8();
      if (type === undefined || count === 0) throw this.#malformed();
      const numbers = fields.part(count * (fourOctets ? 4 : 2));
      const asns: number[] = [];
      while (numbers.remaining > 0) asns.push(this.#asn(numbers, fourOctets));
      segments.push({ type, asns });
    }
    return segments;
  }

  /** RFC 7606 §7.8 and §7.14, RFC 8092 §5: at least one. */
  #repeated<T>(read: () => T): T[] {
    const values: T[] = [];
    if (this.#fields.remaining === 0) throw this.#malformed();
    while (this.#fields.remaining > 0) values.push(read());
    return values;
  }

  /** RFC 4760 §3; an IPv6 next hop is one or two addresses (RFC 2545 §3), also that of IPv4 prefixes (RFC 8950 §3). */
  #reach(): PathAttribute {
    const fields = new Reader(this.#value, () => this.#error(9));
    const family = this.#family(fields);
    if (family === undefined) return this.#unknown();
    const nextHopLength = fields.u8();
    const isIpv6 = nextHopLength === 16 || nextHopLength === 32;
    const mayBeIpv6 = family === 6 || this.#context.extendedNextHop === true;
    if (isIpv6 ? !mayBeIpv6 : family === 6 || nextHopLength !== 4) throw this.#error(9);
    const nextHop = isIpv6 ? fields.ipv6() : fields.ipv4();
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
    return {
      type: "unknown",
      flags: this.#flags & ~extendedLength,
      code: this.#code,
      value: new Uint8Array(this.#value),
    };
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
