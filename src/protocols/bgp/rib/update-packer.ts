import type { Address, AddressFamily, Ipv6Address, Prefix } from "../../../net/index.ts";
import { attributeCodes } from "../codec/attribute-registry.ts";
import { beginMessage, endMessage } from "../codec/codec.ts";
import { maxExtendedLength, messageTypes } from "../codec/messages.ts";
import { encodePrefix, prefixOctets } from "../codec/nlri.ts";
import { Writer } from "../codec/wire.ts";

/** Optional, non-transitive, length in two octets. */
const multiprotocolFlags = 0x90;
const headOctets = { mpReach: 4, family: 3, nextHopLength: 1, reserved: 1 } as const;
/** Header, and the two length fields of an UPDATE. */
const updateOctets = 23;

/** Prefixes that wait to be sent: `take` removes the one that `peek` showed. */
export interface PrefixQueue {
  peek(): Prefix | undefined;
  take(): void;
}

/** The longest prefix on the wire. */
const longest = { 4: 5, 6: 17 } as const;

/** Reused for every message: what is sent is a copy of exactly its size. */
const out = new Writer(maxExtendedLength);

/** How a group of routes goes out in one session. */
export interface Envelope {
  readonly family: AddressFamily;
  /** Encoded, but for MP_REACH_NLRI. */
  readonly attributes: Uint8Array;
  /** Present where it travels in MP_REACH_NLRI, not in NEXT_HOP. */
  readonly nextHop: Address | undefined;
  /** The second address of an IPv6 next hop, if it has one (RFC 2545 §3). */
  readonly linkLocal: Ipv6Address | undefined;
  /** The most octets in a message. */
  readonly limit: number;
}

/** Whether a message like this holds at least one prefix of any length. */
export function holdsAny({ family, attributes, nextHop, linkLocal, limit }: Envelope): boolean {
  const { mpReach, family: familyOctets, nextHopLength, reserved } = headOctets;
  const addressOctets = nextHop?.family === 4 ? 4 : linkLocal === undefined ? 16 : 32;
  const multiprotocol = nextHop === undefined ? 0 : mpReach + familyOctets + nextHopLength + addressOctets + reserved;
  return updateOctets + attributes.length + multiprotocol + longest[family] <= limit;
}

/** An UPDATE that announces prefixes: in the classic field, or in MP_REACH_NLRI, which stands first (RFC 7606 §5.1). */
export function packAnnouncements(envelope: Envelope, prefixes: PrefixQueue): Uint8Array {
  const { family, attributes, nextHop, linkLocal, limit } = envelope;
  beginMessage(out, messageTypes.update);
  out.u16(0);
  const attributesAt = out.length;
  out.u16(0);
  if (nextHop !== undefined) {
    packMultiprotocol(attributeCodes["mp-reach"], family, limit - attributes.length, prefixes, () => {
      if (nextHop.family === 4) {
        out.u8(4);
        out.u32(nextHop.value);
      } else {
        out.u8(linkLocal === undefined ? 16 : 32);
        out.ipv6(nextHop.value);
        if (linkLocal !== undefined) out.ipv6(linkLocal.value);
      }
      out.u8(0);
    });
  }
  out.bytes(attributes);
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  if (nextHop === undefined) fill(prefixes, limit);
  return endMessage(out);
}

/** An UPDATE that withdraws prefixes of one family. */
export function packWithdrawals(family: AddressFamily, limit: number, prefixes: PrefixQueue): Uint8Array {
  beginMessage(out, messageTypes.update);
  const withdrawnAt = out.length;
  out.u16(0);
  if (family === 4) {
    fill(prefixes, limit - 2);
    out.patchU16(withdrawnAt, out.length - withdrawnAt - 2);
    out.u16(0);
    return endMessage(out);
  }
  const attributesAt = out.length;
  out.u16(0);
  packMultiprotocol(attributeCodes["mp-unreach"], family, limit, prefixes, () => {});
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  return endMessage(out);
}

/** RFC 4724 §2: an UPDATE that says that all routes of this family have been sent. */
export function endOfRib(family: AddressFamily): Uint8Array {
  return packWithdrawals(family, maxExtendedLength, { peek: () => undefined, take: () => {} });
}

function packMultiprotocol(
  code: number,
  family: AddressFamily,
  end: number,
  prefixes: PrefixQueue,
  writeHead: () => void,
): void {
  out.u8(multiprotocolFlags);
  out.u8(code);
  const lengthAt = out.length;
  out.u16(0);
  out.u16(family === 4 ? 1 : 2);
  out.u8(1); // SAFI unicast
  writeHead();
  fill(prefixes, end);
  out.patchU16(lengthAt, out.length - lengthAt - 2);
}

/** Writes prefixes up to octet `end` of the message, to the last that fits. */
function fill(prefixes: PrefixQueue, end: number): void {
  for (let prefix = prefixes.peek(); prefix !== undefined; prefix = prefixes.peek()) {
    if (out.length + prefixOctets(prefix) > end) return;
    encodePrefix(prefix, out);
    prefixes.take();
  }
}
