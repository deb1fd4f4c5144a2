import { formatAddress, formatRange, parseRange, rangeContains, rangesOverlap, type Address } from "../../net/index.ts";
import { keyOf, type IPAddressPool } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { Pool } from "./pool.ts";

/** An address that no Service may be given, for something else has it. */
export interface ReservedAddress {
  readonly address: Address;
  readonly fault: "holdsPeer" | "holdsNode" | "holdsGateway";
  /** Whose it is, for people: `node cy01-net112`. */
  readonly owner: string;
}

/** The pools of these objects, and everything that is wrong with them. */
export function readPools(
  objects: readonly IPAddressPool[],
  reserved: readonly ReservedAddress[],
): { readonly pools: readonly Pool[]; readonly problems: readonly ConfigurationReason[] } {
  const problems: ConfigurationReason[] = [];
  const pools = objects.map((object) => readPool(object, problems));
  for (const [index, pool] of pools.entries()) {
    for (const other of pools.slice(0, index)) problems.push(...overlaps(pool, other, objects[index]));
    problems.push(...reservedInside(pool, reserved, objects[index]));
  }
  return { pools, problems };
}

function readPool(object: IPAddressPool, problems: ConfigurationReason[]): Pool {
  const { spec, metadata } = object;
  const ranges = spec.addresses.flatMap((text, index) => {
    const range = parseRange(text);
    if (!("code" in range)) return [range];
    problems.push({
      code: "configuration.range",
      object: nameOf(object),
      field: `spec.addresses[${index}]`,
      value: text,
      expected: rangeErrors[range.code],
    });
    return [];
  });
  const allocation = spec.serviceAllocation;
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    ranges,
    autoAssign: spec.autoAssign,
    avoidBuggyIPs: spec.avoidBuggyIPs,
    allocation: allocation && {
      priority: allocation.priority || Infinity,
      namespaces: allocation.namespaces ?? [],
      namespaceSelectors: allocation.namespaceSelectors ?? [],
      serviceSelectors: allocation.serviceSelectors ?? [],
    },
  };
}

const rangeErrors = {
  "range.syntax": "must be a prefix such as 192.0.2.0/24, or first-last such as 192.0.2.1-192.0.2.9",
  "range.family": "both ends must be of one address family",
  "range.order": "is upside down: the first address must not be greater than the last",
} as const;

function* overlaps(pool: Pool, other: Pool, object: IPAddressPool | undefined): Generator<ConfigurationReason> {
  for (const range of pool.ranges) {
    const clash = other.ranges.find((each) => rangesOverlap(each, range));
    if (clash === undefined) continue;
    yield {
      code: "configuration.overlap",
      object: nameOf(object),
      field: "spec.addresses",
      value: formatRange(range),
      expected: `must not overlap ${formatRange(clash)} of pool ${other.name}`,
    };
  }
}

function* reservedInside(
  pool: Pool,
  reserved: readonly ReservedAddress[],
  object: IPAddressPool | undefined,
): Generator<ConfigurationReason> {
  for (const { address, fault, owner } of reserved) {
    const range = pool.ranges.find((each) => rangeContains(each, address));
    if (range === undefined) continue;
    yield {
      code: `configuration.${fault}`,
      object: nameOf(object),
      field: "spec.addresses",
      value: formatRange(range),
      expected: `must leave out ${formatAddress(address)}, the address of ${owner}`,
    };
  }
}

function nameOf(object: IPAddressPool | undefined): string {
  return object === undefined ? "IPAddressPool" : `IPAddressPool ${keyOf(object)}`;
}
