import { prefixOf, type AddressFamily, type Prefix } from "../../../net/index.ts";
import type { Reader, Writer } from "./wire.ts";

/**
 * All prefixes up to the end of `fields` (RFC 4271 §4.3, RFC 4760 §5). Bits beyond a prefix's length are dropped, as they
 * are irrelevant. Throws what `invalid` makes where a length is impossible, and `fields`' own error where bytes are missing.
 */
export function decodePrefixes(fields: Reader, family: AddressFamily, invalid: () => Error): Prefix[] {
  const prefixes: Prefix[] = [];
  const bits = family === 4 ? 32 : 128;
  while (fields.remaining > 0) {
    const length = fields.u8();
    if (length > bits) throw invalid();
    const octets = (length + 7) >>> 3;
    if (octets > fields.remaining) throw invalid();
    if (family === 6) {
      prefixes.push(prefixOf({ family, value: fields.u128(octets) }, length));
      continue;
    }
    let value = 0;
    for (let index = 0; index < 4; index++) value = value * 256 + (index < octets ? fields.u8() : 0);
    prefixes.push(prefixOf({ family, value }, length));
  }
  return prefixes;
}

/** Octets that `prefix` takes. */
export function prefixOctets(prefix: Prefix): number {
  return 1 + ((prefix.length + 7) >>> 3);
}

export function encodePrefix(prefix: Prefix, out: Writer): void {
  const { address, length } = prefix;
  out.u8(length);
  const octets = (length + 7) >>> 3;
  if (address.family === 6) {
    out.u128(address.value, octets);
    return;
  }
  if (octets === 4) {
    out.u32(address.value);
    return;
  }
  for (let index = 0; index < octets; index++) out.u8((address.value >>> (24 - 8 * index)) & 255);
}
