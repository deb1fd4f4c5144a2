import {
  compareAddresses,
  rangeContains,
  type Address,
  type AddressFamily,
  type AddressRange,
} from "../../net/index.ts";
import { selects, type Labels, type LabelSelector } from "../../kubernetes/resources/index.ts";

/** An IPAddressPool as it is decided with: its ranges parsed, its defaults filled in. */
export interface Pool {
  readonly name: string;
  readonly labels: Labels;
  readonly ranges: readonly AddressRange[];
  readonly autoAssign: boolean;
  readonly avoidBuggyIPs: boolean;
  readonly allocation: PoolAllocation | undefined;
}

/** The Services that a pool is kept for; an empty list of selectors or names selects all. */
export interface PoolAllocation {
  /** Lower comes first; `Infinity` where none is given. */
  readonly priority: number;
  readonly namespaces: readonly string[];
  readonly namespaceSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
}

export function poolHolds(pool: Pool, address: Address): boolean {
  return pool.ranges.some((range) => rangeContains(range, address)) && !isAvoided(pool, address);
}

export function poolHasFamily(pool: Pool, family: AddressFamily): boolean {
  return pool.ranges.some((range) => range.first.family === family);
}

/** Some old devices take an IPv4 address that ends in .0 or .255 for a network's own or its broadcast address. */
export function isAvoided(pool: Pool, address: Address): boolean {
  if (!pool.avoidBuggyIPs || address.family === 6) return false;
  const last = address.value & 255;
  return last === 0 || last === 255;
}

/** How many addresses of one of its ranges a pool leaves out. */
export function avoidedIn(pool: Pool, { first, last }: AddressRange): bigint {
  if (!pool.avoidBuggyIPs || first.family === 6 || last.family === 6) return 0n;
  const endingIn = (octet: number) =>
    Math.floor((last.value - octet) / 256) - Math.floor((first.value - 1 - octet) / 256);
  return BigInt(endingIn(0) + endingIn(255));
}

/** Whether a pool may serve a Service as far as `serviceAllocation` says. */
export function poolIsFor(
  pool: Pool,
  service: { readonly namespace: string; readonly labels: Labels | undefined },
  namespaceLabels: Labels | undefined,
): boolean {
  if (pool.allocation === undefined) return true;
  const { namespaces, namespaceSelectors, serviceSelectors } = pool.allocation;
  const anyNamespace = namespaces.length === 0 && namespaceSelectors.length === 0;
  const namespaceFits =
    anyNamespace ||
    namespaces.includes(service.namespace) ||
    namespaceSelectors.some((selector) => selects(selector, namespaceLabels));
  const serviceFits =
    serviceSelectors.length === 0 || serviceSelectors.some((selector) => selects(selector, service.labels));
  return namespaceFits && serviceFits;
}

/** Where in a pool's listed order an address stands: the index of its range, or -1. */
export function rangeIndexOf(pool: Pool, address: Address): number {
  return pool.ranges.findIndex((range) => rangeContains(range, address));
}

/** In a pool's listed order: range by range, ascending within each. */
export function compareInPool(pool: Pool, a: Address, b: Address): number {
  return rangeIndexOf(pool, a) - rangeIndexOf(pool, b) || compareAddresses(a, b);
}
