/** An IPv4 address as an unsigned 32 bit number. */
export interface Ipv4Address {
  readonly family: 4;
  readonly value: number;
}

/** An IPv6 address as a 128 bit integer; without a zone. */
export interface Ipv6Address {
  readonly family: 6;
  readonly value: bigint;
}

export type Address = Ipv4Address | Ipv6Address;
export type AddressFamily = Address["family"];

const maxIpv6 = (1n << 128n) - 1n;

export function ipv4(value: number): Ipv4Address {
  return { family: 4, value: value >>> 0 };
}

export function ipv6(value: bigint): Ipv6Address {
  return { family: 6, value: value & maxIpv6 };
}

/**
 * The address that `text` writes: dotted decimal without leading zeros (RFC 6943 §3.1.1, "strict"), or IPv6 in any
 * form of RFC 4291 §2.2. `undefined` for anything else, zones (`%eth0`) and surrounding blanks included.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Ipv4Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return { family: 4, value };
}

function parseIpv6(text: string): Ipv6Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const zeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
  return { family: 6, value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n) };
}

/** The 16 bit groups of one side of `::`; a dotted decimal part is allowed at the very end of the address. */
function groupsOf(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const embedded = endsAddress && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded === undefined) return undefined;
    groups.push(embedded.value >>> 16, embedded.value & 0xffff);
  }
  return groups;
}

/** Dotted decimal, or IPv6 in the one canonical form of RFC 5952 §4. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.value);
}

function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIpv6(value: bigint): string {
  // RFC 5952 §5: an IPv4-mapped address shows its IPv4 part.
  if (value >> 32n === 0xffffn) return `::ffff:${formatIpv4(Number(value & 0xffffffffn))}`;
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  const zeros = longestZeros(groups);
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return zeros.length < 2 ? hex(0, 8) : `${hex(0, zeros.start)}::${hex(zeros.start + zeros.length, 8)}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}

/** IPv4 before IPv6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

/** The address `count` after `address` (before it, when negative); `undefined` past either end of its family. */
export function addToAddress(address: Address, count: bigint): Address | undefined {
  const value = BigInt(address.value) + count;
  if (value < 0n || value > (address.family === 4 ? 0xffffffffn : maxIpv6)) return undefined;
  return address.family === 4 ? { family: 4, value: Number(value) } : { family: 6, value };
}

/** fe80::/10 (RFC 4291 §2.5.6): means something only together with a link. */
export function isLinkLocal(address: Address): boolean {
  return address.family === 6 && address.value >> 118n === 0x3fan;
}

export function addressBits(family: AddressFamily): 32 | 128 {
  return family === 4 ? 32 : 128;
}
