import { addressBits, formatAddress, parseAddress, type Address, type AddressFamily } from "./address.ts";

/** A block of addresses that share their first `length` bits; `address` has all other bits zero. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** The prefix of `length` bits around `address`. Throws `RangeError` if the family has no such length. */
export function prefixOf(address: Address, length: number): Prefix {
  const bits = addressBits(address.family);
  if (!Number.isInteger(length) || length < 0 || length > bits) {
    throw new RangeError(`prefix length ${length}: IPv${address.family} has 0 to ${bits}`);
  }
  return { address: masked(address, length), length };
}

/** The prefix of `address` alone: /32 or /128. */
export function hostPrefix(address: Address): Prefix {
  return { address, length: addressBits(address.family) };
}

/**
 * The prefix that `text` writes as `address/length`; bits beyond the length are dropped, as Kubernetes and MetalLB do.
 * `undefined` for anything else.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  if (address === undefined) return undefined;
  const length = Number(match?.[2]);
  return length > addressBits(address.family) ? undefined : prefixOf(address, length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  return prefix.address.family === address.family && masked(address, prefix.length).value === prefix.address.value;
}

export function lastAddress(prefix: Prefix): Address {
  const { address, length } = prefix;
  if (address.family === 4) return { family: 4, value: (address.value | hostMask4(length)) >>> 0 };
  return { family: 6, value: address.value | hostMask6(length) };
}

/** How many addresses of `family` a prefix of `length` bits holds. */
export function prefixSize(family: AddressFamily, length: number): bigint {
  return 1n << BigInt(addressBits(family) - length);
}

function masked(address: Address, length: number): Address {
  if (address.family === 4) return { family: 4, value: (address.value & ~hostMask4(length)) >>> 0 };
  return { family: 6, value: address.value & ~hostMask6(length) };
}

function hostMask4(length: number): number {
  return length === 0 ? 0xffffffff : 2 ** (32 - length) - 1;
}

function hostMask6(length: number): bigint {
  return (1n << BigInt(128 - length)) - 1n;
}
