import { compareAddresses, formatAddress, parseAddress, type Address } from "./address.ts";
import { lastAddress, parsePrefix } from "./prefix.ts";

/** All addresses of one family from `first` to `last`, both included. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

export type AddressRangeError =
  | { readonly code: "range.syntax"; readonly text: string }
  | { readonly code: "range.family"; readonly text: string }
  | { readonly code: "range.order"; readonly text: string };

/** The range that `text` writes, as a prefix (`192.0.2.0/24`) or as `first-last`, blanks around the hyphen allowed. */
export function parseRange(text: string): AddressRange | AddressRangeError {
  const prefix = parsePrefix(text.trim());
  if (prefix !== undefined) return { first: prefix.address, last: lastAddress(prefix) };
  const ends = text.split("-").map((end) => parseAddress(end.trim()));
  const [first, last] = ends;
  if (ends.length !== 2 || first === undefined || last === undefined) return { code: "range.syntax", text };
  if (first.family !== last.family) return { code: "range.family", text };
  if (compareAddresses(first, last) > 0) return { code: "range.order", text };
  return { first, last };
}

export function formatRange(range: AddressRange): string {
  return `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  return (
    range.first.family === address.family &&
    compareAddresses(range.first, address) <= 0 &&
    compareAddresses(address, range.last) <= 0
  );
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return (
    a.first.family === b.first.family &&
    compareAddresses(a.first, b.last) <= 0 &&
    compareAddresses(b.first, a.last) <= 0
  );
}

export function rangeSize(range: AddressRange): bigint {
  return BigInt(range.last.value) - BigInt(range.first.value) + 1n;
}
