import { formatAddress } from "../../net/index.ts";
import { keyOf, type AddressBlock, type Namespace, type Service } from "../../kubernetes/resources/index.ts";
import {
  AllocationPlanner,
  assignedAddresses,
  type AllocationDecision,
  type AllocationOptions,
  type Configuration,
} from "../../plan/index.ts";
import { isConflict, isGone, type AddressApi } from "./address-api.ts";
import { versionIn } from "./window.ts";
import { AddressLedger, type LedgerHandlers, type LedgerOptions } from "./address-ledger.ts";

/** What the allocator tells: for events, metrics and logs. */
export interface AllocatorHandlers {
  /** A decision that is another than before, as soon as it is made. */
  readonly onDecided: (decision: AllocationDecision) => void;
  /** The status of a Service was written; `before` is what it said until then. */
  readonly onWritten: (service: Service, decision: AllocationDecision, before: readonly string[]) => void;
  readonly onFailure: (what: string, error: unknown) => void;
}

export interface AllocatorOptions {
  /**
   * The version in which the Services are known that the allocator was fed with; undefined while it is not known. Without
   * it nothing is reserved for the Service that comes next.
   */
  readonly version?: () => bigint | undefined;
  /** How many addresses must follow one that is reserved. */
  readonly spare?: bigint;
}

/** Work on the status of one Service, taken up and repeated by the caller's queue. */
export interface StatusQueue {
  add(key: string): void;
}

const spareAddresses = 15n;

/**
 * Makes the plan's allocation true: decisions become ownership in AddressBlocks, and only then the Service's status,
 * unless the address was reserved in its block before.
 * Feed it what the watches bring, and call `settle` once for each turn of the event loop.
 */
export class Allocator {
  readonly #api: AddressApi;
  readonly #handlers: AllocatorHandlers;
  readonly #queue: StatusQueue;
  readonly #planner: AllocationPlanner;
  readonly #ledger: AddressLedger;
  readonly #services = new Map<string, Service>();
  readonly #spare: bigint;
  #isStarted = false;

  constructor(
    api: AddressApi,
    queue: StatusQueue,
    handlers: AllocatorHandlers,
    options: AllocationOptions & LedgerOptions & AllocatorOptions = {},
  ) {
    this.#api = api;
    this.#queue = queue;
    this.#handlers = handlers;
    this.#planner = new AllocationPlanner(options);
    this.#spare = options.spare ?? spareAddresses;
    const ledgerHandlers: LedgerHandlers = {
      onHeld: (come, gone) => {
        this.#planner.changeHeld(come, gone);
        this.settle();
      },
      onClaimed: (services) => {
        for (const key of services) {
          // Now, and not when its status is looked at: what is given up and decided again is to be known to the ledger.
          const decision = this.#planner.decision(key);
          if (decision !== undefined) this.#claim(decision);
          this.#queue.add(key);
        }
      },
      isWanted: (holding) => !this.#planner.isSuperfluous(holding),
      isDecidedOn: ({ metadata }) =>
        this.#services.get(keyOf({ metadata }))?.metadata.resourceVersion === metadata.resourceVersion,
      onFailure: this.#handlers.onFailure,
    };
    const services = { version: () => options.version?.(), all: () => this.#services.values() };
    this.#ledger = new AddressLedger(api, services, ledgerHandlers, options);
  }

  setConfiguration(configuration: Configuration | undefined): void {
    this.#planner.setConfiguration(configuration);
  }

  setNamespace(namespace: Namespace): void {
    this.#planner.setNamespace(namespace);
  }

  setService(service: Service): void {
    this.#services.set(keyOf(service), service);
    this.#planner.setService(service);
    this.#queue.add(keyOf(service));
  }

  deleteService(key: string): void {
    this.#services.delete(key);
    this.#planner.deleteService(key);
  }

  observeBlocks(blocks: Iterable<AddressBlock>): void {
    this.#ledger.observe(blocks);
  }

  observeDeletedBlock(name: string): void {
    this.#ledger.observeDeleted(name);
  }

  /** Nothing is decided before everything is known: a Service not heard of yet may own an address already. */
  start(): void {
    this.#isStarted = true;
    this.settle();
  }

  /** Decides what was touched, and starts to write down what follows. */
  settle(): void {
    if (!this.#isStarted) return;
    const { changed, releases } = this.#planner.settle();
    for (const decision of changed) {
      this.#handlers.onDecided(decision);
      // Nothing to be written down first: whoever wrote it may not have lived to write the status.
      if (this.#claim(decision)) this.#queue.add(decision.service);
    }
    for (const release of releases) this.#ledger.release(release);
    this.#ledger.reserve(this.#planner.next(this.#spare));
  }

  /** To be called at the end: what was reserved and not needed is free at once, and not some minutes later. */
  giveBack(api: AddressApi): Promise<void> {
    return this.#ledger.giveBack(api);
  }

  /** What failed, or waited for a cache to catch up, is tried again. */
  retry(): void {
    this.#ledger.retry();
  }

  service(key: string): Service | undefined {
    return this.#services.get(key);
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  decisions(): Iterable<AllocationDecision> {
    return this.#planner.decisions();
  }

  /** Brings one Service's status to what was decided, if its ownership is written; throws where it should be retried. */
  async writeStatus(key: string): Promise<void> {
    const service = this.#services.get(key);
    const decision = this.#planner.decision(key);
    if (service === undefined || decision === undefined || decision.uid !== service.metadata.uid) return;
    const before = assignedAddresses(service).map(formatAddress);
    const wanted = decision.addresses.map(formatAddress);
    const isWritten = this.#claim(decision);
    if (before.join() === wanted.join() || !isWritten) return;
    if (wanted.length === 0 && !this.#isOurs(service, decision)) return;
    try {
      await this.#api.writeIngress(service, decision.addresses, decision.pool);
      this.#handlers.onWritten(service, decision, before);
    } catch (error) {
      // Its watch brings what it is now, and this is done again.
      if (!isConflict(error) && !isGone(error)) throw error;
    }
  }

  /** Everything that is under way is written. */
  idle(): Promise<void> {
    return this.#ledger.idle();
  }

  /**
   * Asks for ownership of what was decided; true if all of it is written for the Service as we know it. What is in the
   * status already needs no more than to be written at all.
   */
  #claim(decision: AllocationDecision): boolean {
    const service = this.#services.get(decision.service);
    if (service === undefined) return false;
    const version = service.metadata.resourceVersion ?? "";
    const inStatus = new Set(assignedAddresses(service).map((address) => address.value));
    const missing = decision.addresses.filter((address) => {
      const seen = this.#ledger.seen(decision.uid, address);
      return seen === undefined || (seen !== version && !inStatus.has(address.value));
    });
    // Another controller knows a later version, and may be about to write its status: the line must go on to say so.
    if (missing.some((address) => isLater(this.#ledger.seen(decision.uid, address), version))) return false;
    const claims = missing.map((address) => {
      const why = this.#planner.causeOf(decision.uid, address);
      return { address, uid: decision.uid, service: decision.service, why, seen: version };
    });
    const isNew = inStatus.size === 0;
    const unwritten = claims.filter((claim) => !(isNew && this.#ledger.take(claim)));
    for (const claim of unwritten) this.#ledger.claim(claim);
    return unwritten.length === 0;
  }

  /** A status is cleared where its Service asks us for an address, or where the addresses in it were given by us. */
  #isOurs(service: Service, decision: AllocationDecision): boolean {
    return (
      decision.waiting ||
      assignedAddresses(service).some((address) => this.#ledger.seen(decision.uid, address) !== undefined)
    );
  }
}

/** Of a server that counts in another way nothing is known. */
function isLater(version: string | undefined, than: string): boolean {
  const [a, b] = [versionIn(version), versionIn(than)];
  return a !== undefined && b !== undefined && a > b;
}
