import { rangeSize, type AddressFamily } from "../net/index.ts";
import { avoidedIn, poolHolds, type AllocationDecision, type Configuration, type Pool } from "../plan/index.ts";

/** How many addresses of a pool are given, and how many are left; each address counts once, however many share it. */
export interface PoolUsage {
  readonly assignedIPv4: number;
  readonly assignedIPv6: number;
  readonly availableIPv4: number;
  readonly availableIPv6: number;
}

/** The usage of every pool, by its name. */
export function poolUsage(
  configuration: Configuration,
  decisions: Iterable<AllocationDecision>,
): ReadonlyMap<string, PoolUsage> {
  const assigned = new Map<string, Set<number | bigint>>();
  for (const { addresses } of decisions) {
    for (const address of addresses) {
      const pool = [...configuration.pools.values()].find((each) => poolHolds(each, address));
      if (pool === undefined) continue;
      const key = `${pool.name} ${address.family}`;
      assigned.set(key, (assigned.get(key) ?? new Set()).add(address.value));
    }
  }
  const count = (pool: Pool, family: AddressFamily) => assigned.get(`${pool.name} ${family}`)?.size ?? 0;
  return new Map(
    [...configuration.pools.values()].map((pool) => {
      const [assignedIPv4, assignedIPv6] = [count(pool, 4), count(pool, 6)];
      const availableIPv4 = sizeOf(pool, 4) - assignedIPv4;
      const availableIPv6 = sizeOf(pool, 6) - assignedIPv6;
      return [pool.name, { assignedIPv4, assignedIPv6, availableIPv4, availableIPv6 }];
    }),
  );
}

/** A number that JSON can hold: a larger pool counts as the largest such number. */
function sizeOf(pool: Pool, family: AddressFamily): number {
  const ranges = pool.ranges.filter((range) => range.first.family === family);
  const size = ranges.reduce((sum, range) => sum + rangeSize(range) - avoidedIn(pool, range), 0n);
  return size > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(size);
}
