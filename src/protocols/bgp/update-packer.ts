import type { Address, AddressFamily, Prefix } from "../../net/index.ts";
import { attributeCodes } from "./attributes.ts";
import { beginMessage, endMessage } from "./codec.ts";
import { maxMessageLength, messageTypes } from "./messages.ts";
import { encodePrefix, prefixOctets } from "./nlri.ts";
import { Writer } from "./wire.ts";

/** Optional, non-transitive, length in two octets. */
const multiprotocolFlags = 0x90;
const headOctets = { mpReach: 4, family: 3, nextHop: 17, reserved: 1 } as const;
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
const out = new Writer(maxMessageLength);

/** Whether a message with these attributes holds at least one prefix of any length. */
export function holdsAny(attributes: Uint8Array, family: AddressFamily): boolean {
  const multiprotocol =
    family === 4 ? 0 : headOctets.mpReach + headOctets.family + headOctets.nextHop + headOctets.reserved;
  return updateOctets + attributes.length + multiprotocol + longest[family] <= maxMessageLength;
}

/** An UPDATE that announces IPv4 prefixes in the classic field; `attributes` include NEXT_HOP. */
export function packIpv4(attributes: Uint8Array, prefixes: PrefixQueue): Uint8Array {
  beginMessage(out, messageTypes.update);
  out.u16(0);
  out.u16(attributes.length);
  out.bytes(attributes);
  fill(prefixes, maxMessageLength);
  return endMessage(out);
}

/** An UPDATE that announces IPv6 prefixes. MP_REACH_NLRI stands first, as RFC 7606 §5.1 wants. */
export function packIpv6(attributes: Uint8Array, nextHop: Address, prefixes: PrefixQueue): Uint8Array {
  beginMessage(out, messageTypes.update);
  out.u16(0);
  const attributesAt = out.length;
  out.u16(0);
  packMultiprotocol(attributeCodes["mp-reach"], maxMessageLength - attributes.length, prefixes, () => {
    out.u8(16);
    out.ipv6(BigInt(nextHop.value));
    out.u8(0);
  });
  out.bytes(attributes);
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  return endMessage(out);
}

/** An UPDATE that withdraws prefixes of one family. */
export function packWithdrawals(family: AddressFamily, prefixes: PrefixQueue): Uint8Array {
  beginMessage(out, messageTypes.update);
  const withdrawnAt = out.length;
  out.u16(0);
  if (family === 4) {
    fill(prefixes, maxMessageLength - 2);
    out.patchU16(withdrawnAt, out.length - withdrawnAt - 2);
    out.u16(0);
    return endMessage(out);
  }
  const attributesAt = out.length;
  out.u16(0);
  packMultiprotocol(attributeCodes["mp-unreach"], maxMessageLength, prefixes, () => {});
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  return endMessage(out);
}

function packMultiprotocol(code: number, end: number, prefixes: PrefixQueue, writeHead: () => void): void {
  out.u8(multiprotocolFlags);
  out.u8(code);
  const lengthAt = out.length;
  out.u16(0);
  out.u16(2); // AFI IPv6
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
