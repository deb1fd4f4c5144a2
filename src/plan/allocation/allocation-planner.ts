import { formatAddress, sameAddress, type Address } from "../../net/index.ts";
import type { Labels, Namespace, Service } from "../../kubernetes/resources/index.ts";
import type { Configuration } from "../configuration/configuration.ts";
import type { HoldingCause } from "../reason.ts";
import { keyOf } from "../../kubernetes/resources/index.ts";
import { compareRequests, requestOf, type AddressRequest } from "./address-request.ts";
import { givesSameAddresses, isSameDecision, type AllocationDecision } from "./allocation-decision.ts";
import { RequestBook } from "./request-book.ts";
import { AddressSearch, causeOf } from "./address-search.ts";
import { Holdings, type Holding } from "./holdings.ts";
import { judge } from "./revocation.ts";
import { TurnQueue } from "./turn-queue.ts";

/** What came of one settling. */
export interface Settled {
  /** The Services whose decision is another than before. */
  readonly changed: readonly AllocationDecision[];
  /** What the touched Services hold and should not: to be released, after a look at the Service itself. */
  readonly releases: readonly Holding[];
}

export interface AllocationOptions {
  /** The `spec.loadBalancerClass` of the Services that are ours; undefined for those without a class. */
  readonly loadBalancerClass?: string | undefined;
}

/**
 * Decides which Service gets which address: a fold over what is held. Feed it what changed, then `settle`. What it
 * assigns counts as held from that moment on; `setHeld` replaces what is known of who holds what.
 */
export class AllocationPlanner {
  readonly #options: AllocationOptions;
  readonly #services = new Map<string, Service>();
  readonly #namespaces = new Map<string, Labels | undefined>();
  readonly #requests = new RequestBook();
  readonly #decisions = new Map<string, AllocationDecision>();
  readonly #waiting = new Set<string>();
  readonly #woken = new TurnQueue((a, b) => this.#compareTurns(a, b));
  readonly #touched = new Set<string>();
  readonly #holdings = new Holdings();
  /** What somebody gave up since the last settling. */
  readonly #freed: Address[] = [];
  #configuration: Configuration | undefined;
  #search: AddressSearch | undefined;

  constructor(options: AllocationOptions = {}) {
    this.#options = options;
  }

  /** With `undefined`, while there is no valid configuration, everything stays as it is. */
  setConfiguration(configuration: Configuration | undefined): void {
    this.#configuration = configuration;
    this.#search = configuration && new AddressSearch(configuration, this.#holdings, this.#requests);
    for (const key of this.#services.keys()) this.#woken.add(key);
  }

  setNamespace(namespace: Namespace): void {
    this.#namespaces.set(namespace.metadata.name, namespace.metadata.labels);
    for (const request of this.#requests.all()) {
      if (request.namespace === namespace.metadata.name) this.#woken.add(request.key);
    }
  }

  setService(service: Service): void {
    const key = keyOf(service);
    const before = this.#services.get(key);
    if (before?.metadata.uid !== service.metadata.uid) this.#forget(key);
    this.#services.set(key, service);
    const { uid = "" } = service.metadata;
    const request = requestOf(service, this.#options.loadBalancerClass);
    this.#requests.enter(key, uid, "code" in request ? undefined : request);
    this.#woken.add(key);
    this.#wakeSharers(uid);
  }

  deleteService(key: string): void {
    this.#forget(key);
    this.#services.delete(key);
    this.#woken.add(key);
  }

  /** What is held, by the API and by what was issued and is not refused; the difference to before wakes who waits. */
  setHeld(holdings: Iterable<Holding>): void {
    const wanted = new Holdings();
    for (const holding of holdings) wanted.add(holding);
    const gone = [...this.#holdings.all()].filter((each) => !has(wanted, each));
    const come = [...wanted.all()].filter((each) => !has(this.#holdings, each));
    this.changeHeld(come, gone);
  }

  /** As `setHeld`, by what came and what went. */
  changeHeld(come: Iterable<Holding>, gone: Iterable<Holding>): void {
    for (const holding of gone) {
      if (!has(this.#holdings, holding)) continue;
      this.#holdings.remove(holding);
      this.#freed.push(holding.address);
      this.#wakeHolder(holding);
    }
    for (const holding of come) {
      if (has(this.#holdings, holding)) continue;
      this.#holdings.add(holding);
      this.#touched.add(holding.uid);
      this.#wakeHolder(holding);
    }
  }

  /** Decides for all that was touched, always for the first in order among those that are woken. */
  settle(): Settled {
    const changed = new Map<string, AllocationDecision>();
    let offer = this.#offerFreed();
    for (let key = this.#woken.take(); key !== undefined; key = this.#woken.take()) {
      const decision = this.#decide(key);
      if (key === offer?.key) {
        if (!this.#holdings.isHeld(offer.address.value)) this.#wakeWaiting([offer.address]);
        offer = undefined;
      }
      if (decision === undefined) continue;
      this.#touched.add(decision.uid);
      const before = this.#decisions.get(key);
      this.#decisions.set(key, decision);
      if (before === undefined || !isSameDecision(before, decision)) changed.set(key, decision);
      if (before !== undefined && givesSameAddresses(before, decision)) continue;
      // Those that may share with it are asked again.
      if (this.#requests.get(key)?.sharing !== undefined) this.#wakeWaiting(decision.addresses, mayJoinOthers);
    }
    const releases = [...this.#touched].flatMap((uid) =>
      this.#holdings.of(uid).filter((each) => this.isSuperfluous(each)),
    );
    this.#touched.clear();
    return { changed: [...changed.values()], releases };
  }

  decision(key: string): AllocationDecision | undefined {
    return this.#decisions.get(key);
  }

  decisions(): IterableIterator<AllocationDecision> {
    return this.#decisions.values();
  }

  /**
   * What a Service without wishes would get next; undefined where less than `spare` addresses follow in its range, for
   * then it may be somebody's who has wishes.
   */
  next(spare: bigint): Address | undefined {
    return this.#search?.next(spare);
  }

  /** Everything that counts as held, what was issued included: the memory part of a snapshot. */
  held(): Iterable<Holding> {
    return this.#holdings.all();
  }

  /** How a Service came by an address that it holds. */
  causeOf(uid: string, address: Address): HoldingCause {
    return this.#holdings.of(uid).find((each) => each.address.value === address.value)?.why ?? "adopted";
  }

  /** Whether nobody should have it who has it. */
  isSuperfluous({ uid, address }: Holding): boolean {
    const key = this.#requests.keyOf(uid);
    const decision = key === undefined ? undefined : this.#decisions.get(key);
    return !decision?.addresses.some((each) => each.value === address.value);
  }

  #decide(key: string): AllocationDecision | undefined {
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#waiting.delete(key);
      return undefined;
    }
    const request = this.#requests.get(key);
    const base = { service: key, uid: service.metadata.uid ?? "" };
    if (request === undefined) {
      this.#waiting.delete(key);
      const reason = requestOf(service, this.#options.loadBalancerClass);
      return { ...base, addresses: [], pool: undefined, waiting: false, reasons: "code" in reason ? [reason] : [] };
    }
    const found = this.#find(request);
    if (found.waiting) this.#waiting.add(key);
    else this.#waiting.delete(key);
    for (const address of found.addresses) {
      this.#holdings.add({ address, uid: request.uid, service: key, why: causeOf(found.reasons, address) });
    }
    return { ...base, ...found };
  }

  #find(request: AddressRequest): Omit<AllocationDecision, "service" | "uid"> {
    const isShown = (address: Address) => request.assigned.some((each) => sameAddress(each, address));
    const addresses = this.#holdings.of(request.uid).map((holding) => holding.address);
    // Of two that it holds, the one in its status is the one that users know.
    const held = [...addresses.filter(isShown), ...addresses.filter((each) => !isShown(each))];
    const search = this.#search;
    if (search === undefined || this.#configuration?.pools.size === 0) {
      const kept = held.length > 0 ? held : request.assigned;
      const reasons = kept.map(
        (each) => ({ code: "allocation.kept.unconfigured", address: formatAddress(each) }) as const,
      );
      return { addresses: kept, pool: undefined, waiting: kept.length === 0, reasons };
    }
    const namespaceLabels = this.#namespaces.get(request.namespace);
    const { legal, revoked } = judge(request, held, search, namespaceLabels);
    const keepsAll = request.addresses.every((each) => legal.some((own) => sameAddress(own, each)));
    if (legal.length > 0 && keepsAll) {
      const kept = search.keep(request, legal, "allocation.kept", namespaceLabels);
      return { ...kept, reasons: [...revoked, ...kept.reasons] };
    }
    // A status without a holding is how clusters are adopted: it wins if nobody else holds the address.
    if (held.length === 0 && request.assigned.length > 0) {
      const status = judge(request, request.assigned, search, namespaceLabels);
      if (status.revoked.length === 0) return search.keep(request, status.legal, "allocation.adopted", namespaceLabels);
      revoked.push(...status.revoked);
    }
    const found = search.find(request, namespaceLabels);
    return { ...found, reasons: [...revoked, ...found.reasons] };
  }

  /** Those who have an address come before those who ask for one; then by creation time and UID. */
  #compareTurns(a: string, b: string): number {
    const first = this.#requests.get(a);
    const second = this.#requests.get(b);
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    return this.#rank(first) - this.#rank(second) || compareRequests(first, second);
  }

  #rank(request: AddressRequest): 0 | 1 | 2 {
    if (this.#holdings.of(request.uid).length > 0) return 0;
    return request.assigned.length > 0 ? 1 : 2;
  }

  #forget(key: string): void {
    const uid = this.#services.get(key)?.metadata.uid;
    if (uid !== undefined) {
      this.#wakeSharers(uid);
      this.#touched.add(uid);
      this.#requests.strike(key, uid);
    }
    this.#decisions.delete(key);
    this.#waiting.delete(key);
  }

  /** Those on the same addresses: whether they may stay together is asked again. */
  #wakeSharers(uid: string): void {
    for (const { address } of this.#holdings.of(uid)) {
      const others = this.#holdings.at(address.value).filter((each) => each.uid !== uid);
      for (const other of others) this.#wakeHolder(other);
      this.#wakeWaiting([address], mayJoinOthers);
    }
  }

  #wakeHolder({ uid }: Holding): void {
    const key = this.#requests.keyOf(uid);
    if (key !== undefined) this.#woken.add(key);
  }

  /**
   * An address that is free again is offered to the first in order who waits for one of its pool, and to all others
   * only if that one leaves it: with a full pool, most that wait are not asked. Where many are free, all are asked.
   */
  #offerFreed(): { readonly key: string; readonly address: Address } | undefined {
    const freed = this.#freed.splice(0);
    if (freed.length === 0) return undefined;
    this.#wakeWaiting(freed, mayJoinOthers);
    const free = freed.filter(({ value }) => !this.#holdings.isHeld(value));
    const [address] = free;
    if (address === undefined || free.length > 1) {
      this.#wakeWaiting(free);
      return undefined;
    }
    let first: string | undefined;
    for (const { key } of this.#waitingFor([address])) {
      if (first === undefined || this.#compareTurns(key, first) < 0) first = key;
    }
    if (first === undefined) return undefined;
    this.#woken.add(first);
    return { key: first, address };
  }

  /** Those who wait and could use one of these addresses. */
  #wakeWaiting(addresses: readonly Address[], isAsked?: (request: AddressRequest) => boolean): void {
    for (const request of this.#waitingFor(addresses, isAsked)) this.#woken.add(request.key);
  }

  *#waitingFor(
    addresses: readonly Address[],
    isAsked: (request: AddressRequest) => boolean = () => true,
  ): Generator<AddressRequest> {
    const search = this.#search;
    if (search === undefined) return;
    const pools = [...new Set(addresses.flatMap((address) => search.poolOf(address) ?? []))];
    for (const key of this.#waiting) {
      const request = this.#requests.get(key);
      if (request === undefined || !isAsked(request)) continue;
      const namespaceLabels = this.#namespaces.get(request.namespace);
      if (pools.some((pool) => search.suits(pool, request, namespaceLabels))) yield request;
    }
  }
}

/** Whether a request could be served with an address that somebody has, or says in its reasons who has it. */
function mayJoinOthers({ sharing, addresses }: AddressRequest): boolean {
  return sharing !== undefined || addresses.length > 0;
}

function has(holdings: Holdings, { uid, address }: Holding): boolean {
  return holdings.of(uid).some((each) => each.address.value === address.value);
}
