import { formatAddress, rangeContains, type Address, type AddressFamily } from "../../net/index.ts";
import type { Labels } from "../../kubernetes/resources/index.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { compareInPool, poolHasFamily, poolHolds, poolIsFor, type Pool } from "../configuration/pool.ts";
import type { AllocationReason, HoldingCause, PoolChoice, SharingObstacle } from "../reason.ts";
import { compareRequests, type AddressRequest } from "./address-request.ts";
import { FreeAddresses } from "./free-addresses.ts";
import { sharingObstacle, type Holding, type Holdings } from "./holdings.ts";

/** A pool that a request may be served from, and why. */
export interface Candidate {
  readonly pool: Pool;
  readonly why: PoolChoice;
}

export interface Found {
  readonly addresses: readonly Address[];
  readonly pool: string | undefined;
  readonly waiting: boolean;
  readonly reasons: readonly AllocationReason[];
}

/** The requests that a search looks at beside the one it serves. */
export interface Requests {
  byUid(uid: string): AddressRequest | undefined;
  /** UIDs of the Services with a sharing key. */
  sharing(key: string): Iterable<string>;
}

/** Finds addresses for requests in the pools of one configuration, among what is not held by others. */
export class AddressSearch {
  readonly #configuration: Configuration;
  readonly #holdings: Holdings;
  readonly #requests: Requests;
  readonly #free: ReadonlyMap<string, FreeAddresses>;

  constructor(configuration: Configuration, holdings: Holdings, requests: Requests) {
    this.#configuration = configuration;
    this.#holdings = holdings;
    this.#requests = requests;
    const isHeld = (address: Address) => holdings.isHeld(address.value);
    this.#free = new Map([...configuration.pools.values()].map((pool) => [pool.name, new FreeAddresses(pool, isHeld)]));
    holdings.onFreed = (address) => {
      const pool = this.poolOf(address);
      if (pool !== undefined) this.#free.get(pool.name)?.freed(address);
    };
  }

  poolOf(address: Address): Pool | undefined {
    for (const pool of this.#configuration.pools.values()) if (poolHolds(pool, address)) return pool;
    return undefined;
  }

  /** Whether a request may be served from a pool. */
  suits(pool: Pool, request: AddressRequest, namespaceLabels: Labels | undefined): boolean {
    if (request.pool !== undefined && request.pool !== pool.name) return false;
    const isNamed = request.pool !== undefined || request.addresses.length > 0;
    return (pool.autoAssign || isNamed) && poolIsFor(pool, request, namespaceLabels);
  }

  /** The pools for a request, in the order in which they are tried: annotated, kept for it, any other. */
  candidates(request: AddressRequest, namespaceLabels: Labels | undefined): readonly Candidate[] {
    const open = [...this.#configuration.pools.values()].filter((pool) => this.suits(pool, request, namespaceLabels));
    if (request.pool !== undefined) return open.map((pool) => ({ pool, why: "annotation" }));
    const kept = open.filter((pool) => pool.allocation !== undefined);
    kept.sort((a, b) => (a.allocation?.priority ?? Infinity) - (b.allocation?.priority ?? Infinity) || 0);
    return [
      ...kept.map((pool): Candidate => ({ pool, why: "serviceAllocation" })),
      ...open.flatMap((pool): Candidate[] => (pool.allocation === undefined ? [{ pool, why: "autoAssign" }] : [])),
    ];
  }

  /** New addresses for a request, or why there are none. */
  find(request: AddressRequest, namespaceLabels: Labels | undefined): Found {
    const candidates = this.candidates(request, namespaceLabels);
    const reasons = this.#skipped(request, namespaceLabels);
    if (request.addresses.length > 0) return this.#findNamed(request, candidates, reasons);
    const least = request.oneFamilySuffices ? [request.families, ...singles(request.families)] : [request.families];
    for (const families of least) {
      for (const { pool, why } of candidates) {
        const found = families.map((family) => this.#firstIn(request, pool, family));
        const missing = families.find((_, index) => found[index] === undefined);
        if (missing === undefined) {
          const addresses = found.filter((address) => address !== undefined);
          const chosen = addresses.map((address) => this.#reasonFor(request, address, pool, why));
          const avoided: AllocationReason[] = pool.avoidBuggyIPs
            ? [{ code: "allocation.avoided.buggy", pool: pool.name }]
            : [];
          const waiting = families.length < request.families.length;
          return { addresses, pool: pool.name, waiting, reasons: [...reasons, ...chosen, ...avoided] };
        }
        reasons.push(
          poolHasFamily(pool, missing)
            ? { code: "pool.full", pool: pool.name, family: missing }
            : { code: "pool.skipped.family", pool: pool.name, family: missing },
        );
      }
    }
    return { addresses: [], pool: undefined, waiting: true, reasons: [...reasons, { code: "allocation.waiting" }] };
  }

  /** What a Service has stays; a second family is added from the same pool as soon as there is one. */
  keep(
    request: AddressRequest,
    held: readonly Address[],
    code: "allocation.kept" | "allocation.adopted",
    namespaceLabels: Labels | undefined,
  ): Found {
    const addresses = [...held].sort((a, b) => request.families.indexOf(a.family) - request.families.indexOf(b.family));
    const pool = addresses[0] && this.poolOf(addresses[0]);
    const name = pool?.name ?? "";
    const reasons = addresses.map((each) => this.#keptReason(request, each, name, code));
    const missing = request.families.filter((family) => !addresses.some((each) => each.family === family));
    const candidate = this.candidates(request, namespaceLabels).find((each) => each.pool.name === name);
    for (const family of missing) {
      const more =
        pool && candidate && request.addresses.length === 0 ? this.#firstIn(request, pool, family) : undefined;
      if (pool === undefined || more === undefined) continue;
      addresses.splice(request.families.indexOf(family), 0, more);
      reasons.push(this.#reasonFor(request, more, pool, candidate?.why ?? "autoAssign"));
    }
    return { addresses, pool: pool?.name, waiting: addresses.length < request.families.length, reasons };
  }

  /** What a Service without wishes would be given, if `spare` more addresses follow in its range. */
  next(spare: bigint): Address | undefined {
    const [candidate] = this.candidates(withoutWishes, undefined);
    const pool = candidate?.pool;
    const family = pool?.ranges[0]?.first.family;
    if (pool === undefined || family === undefined) return undefined;
    const address = this.#free.get(pool.name)?.first(family);
    const range = address && pool.ranges.find((each) => rangeContains(each, address));
    return range && BigInt(range.last.value) - BigInt(address.value) >= spare ? address : undefined;
  }

  /** Whether a holder may stay beside the others at its address: each must suit all who asked before it. */
  mayStayAt(request: AddressRequest, address: Address): boolean {
    // Whoever shows an address that is reserved got it from the one who had reserved it.
    const others = this.#holdings
      .at(address.value)
      .filter((each) => each.uid !== request.uid && each.why !== "reserved");
    const isHolder = this.#holdings.of(request.uid).some((each) => each.address.value === address.value);
    return others.every((other) => {
      const owner = this.#requests.byUid(other.uid);
      if (isHolder && owner !== undefined && compareRequests(request, owner) < 0) return true;
      return this.#obstacle(request, other) === undefined;
    });
  }

  #findNamed(request: AddressRequest, candidates: readonly Candidate[], reasons: AllocationReason[]): Found {
    const failed = (reason: AllocationReason): Found => ({
      addresses: [],
      pool: undefined,
      waiting: true,
      reasons: [...reasons, reason, { code: "allocation.waiting" }],
    });
    let pool: Pool | undefined;
    for (const address of request.addresses) {
      const text = formatAddress(address);
      pool = candidates.find((candidate) => poolHolds(candidate.pool, address))?.pool;
      if (pool === undefined) return failed({ code: "address.outsidePools", address: text });
      for (const other of this.#holdings.at(address.value)) {
        const why = other.uid === request.uid ? undefined : this.#obstacle(request, other);
        if (why !== undefined) return failed({ code: "address.taken", address: text, by: other.service, why });
      }
    }
    const name = pool?.name ?? "";
    const chosen = request.addresses.map((address): AllocationReason => ({
      code: "allocation.requested",
      address: formatAddress(address),
      pool: name,
    }));
    const waiting = request.addresses.length < request.families.length;
    return { addresses: request.addresses, pool: name, waiting, reasons: [...reasons, ...chosen] };
  }

  /** The first address that fits: a free one, or one that it may share, whichever comes first in the pool. */
  #firstIn(request: AddressRequest, pool: Pool, family: AddressFamily): Address | undefined {
    const free = this.#free.get(pool.name)?.first(family);
    if (request.sharing === undefined) return free;
    let best = free;
    for (const address of this.#sharedBy(request.sharing.key)) {
      if (address.family !== family || !poolHolds(pool, address)) continue;
      if (best !== undefined && compareInPool(pool, address, best) > 0) continue;
      const fits = this.#holdings.at(address.value).every((other) => this.#obstacle(request, other) === undefined);
      if (fits) best = address;
    }
    return best;
  }

  *#sharedBy(key: string): Generator<Address> {
    for (const uid of this.#requests.sharing(key)) {
      for (const { address } of this.#holdings.of(uid)) yield address;
    }
  }

  #obstacle(request: AddressRequest, other: Holding): SharingObstacle | undefined {
    return other.why === "reserved" ? "reserved" : sharingObstacle(request, this.#requests.byUid(other.uid));
  }

  #keptReason(
    request: AddressRequest,
    address: Address,
    pool: string,
    code: "allocation.kept" | "allocation.adopted",
  ): AllocationReason {
    const text = formatAddress(address);
    const held = this.#holdings.of(request.uid).find((each) => each.address.value === address.value);
    return code === "allocation.kept" && held !== undefined
      ? { code, address: text, pool, first: held.why }
      : { code: "allocation.adopted", address: text, pool };
  }

  #reasonFor(request: AddressRequest, address: Address, pool: Pool, why: PoolChoice): AllocationReason {
    const text = formatAddress(address);
    const other = this.#holdings.at(address.value).find((each) => each.uid !== request.uid);
    return other === undefined
      ? { code: "allocation.firstFree", address: text, pool: pool.name, why }
      : { code: "allocation.shared", address: text, pool: pool.name, with: other.service };
  }

  #skipped(request: AddressRequest, namespaceLabels: Labels | undefined): AllocationReason[] {
    if (request.pool !== undefined && !this.#configuration.pools.has(request.pool)) {
      return [{ code: "pool.unknown", pool: request.pool }];
    }
    return [...this.#configuration.pools.values()].flatMap((pool): AllocationReason[] => {
      if (request.pool !== undefined && request.pool !== pool.name) return [];
      if (!poolIsFor(pool, request, namespaceLabels)) return [{ code: "pool.skipped.service", pool: pool.name }];
      const manual = !pool.autoAssign && request.pool === undefined && request.addresses.length === 0;
      return manual ? [{ code: "pool.skipped.manual", pool: pool.name }] : [];
    });
  }
}

/** The cause that is written beside an address which these reasons speak of. */
export function causeOf(reasons: readonly AllocationReason[], address: Address): HoldingCause {
  const text = formatAddress(address);
  for (const reason of reasons) {
    if (!("address" in reason) || reason.address !== text) continue;
    if (reason.code === "allocation.kept") return reason.first;
    if (reason.code === "allocation.firstFree") return reason.why;
    if (reason.code === "allocation.requested") return "requested";
    if (reason.code === "allocation.shared") return "shared";
  }
  return "adopted";
}

const withoutWishes: AddressRequest = {
  key: "",
  uid: "",
  created: "",
  namespace: "",
  labels: undefined,
  families: [],
  oneFamilySuffices: true,
  addresses: [],
  pool: undefined,
  sharing: undefined,
  ports: [],
  assigned: [],
};

function singles(families: readonly AddressFamily[]): AddressFamily[][] {
  return families.length > 1 ? families.map((family) => [family]) : [];
}
