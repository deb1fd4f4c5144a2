import type { Address } from "../../net/index.ts";
import { keyOf, type AddressBlock, type Service } from "../../kubernetes/resources/index.ts";
import { assignedAddresses, blockNameOf, type Holding, type Ownership } from "../../plan/index.ts";
import { isConflict, isGone, type AddressApi } from "./address-api.ts";
import { emptyBlock, KnownBlock, nameOf, versionOf } from "./known-block.ts";
import { HeldUp } from "./held-up.ts";
import { OthersReservations, type KnownServices } from "./others-reservations.ts";
import { nothingReserved, OwnReservation, type Reserved } from "./own-reservation.ts";
import { Windows } from "./window.ts";
import { WritePace, type PaceLimits } from "./write-pace.ts";

/** An address to be written down as a Service's, before it goes into the Service's status; as the decision saw it. */
export type Claim = Ownership;

export interface LedgerHandlers {
  /** Who holds what has changed: by other writers, or by a release of ours. */
  readonly onHeld: (come: readonly Holding[], gone: readonly Holding[]) => void;
  /** The claims of these Services are written, or given up: their status is to be looked at. */
  readonly onClaimed: (services: ReadonlySet<string>) => void;
  /** Whether a holding should stay after all. */
  readonly isWanted: (holding: Holding) => boolean;
  /** Whether this Service, as the API has it now, is the one that the decision to release was made on. */
  readonly isDecidedOn: (service: Service) => boolean;
  /** `what` names the object. */
  readonly onFailure: (what: string, error: unknown) => void;
}

export interface LedgerOptions {
  /** How soon a block may be written again: it is large, and Services that are made by the hundred come one by one. */
  readonly gather?: PaceLimits;
  /** The windows of what is reserved. */
  readonly windows?: Windows;
  /** What the process has reserved before, if it has. */
  readonly reserved?: Reserved;
}

/** What is to be done to one block; a claim or release is named by its owner and address. */
interface Pending {
  readonly claims: Map<string, Claim>;
  readonly releases: Map<string, Holding>;
}

/**
 * Ownership of addresses, as written to AddressBlocks: the one place where two controllers meet. All that is pending
 * for a block is written with one compare-and-swap; when somebody else wrote it first, what we had issued is given up
 * and decided again on what is true now.
 *
 * An address is released only after its Service was read from the API *after* the block, and is another version than
 * the one that the ownership was written for: a controller that gives it anew has to write the block first, and one of
 * the two writes then fails.
 */
export class AddressLedger {
  readonly #api: AddressApi;
  readonly #handlers: LedgerHandlers;
  readonly #blocks = new Map<string, KnownBlock>();
  readonly #pending = new Map<string, Pending>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #heard = new Map<string, AddressBlock>();
  readonly #pace: WritePace;
  readonly #own: OwnReservation;
  readonly #others: OthersReservations;
  readonly #heldUp = new HeldUp();

  constructor(
    api: AddressApi,
    services: KnownServices,
    handlers: LedgerHandlers,
    { gather, windows = new Windows(), reserved = nothingReserved() }: LedgerOptions = {},
  ) {
    this.#api = api;
    this.#handlers = handlers;
    this.#pace = new WritePace(gather);
    this.#own = new OwnReservation(windows, services.version, reserved);
    this.#others = new OthersReservations(services);
  }

  /** Takes blocks as a list or a watch brings them; older ones than our own writes are left aside. */
  observe(blocks: Iterable<AddressBlock>): void {
    for (const block of blocks) {
      const { name } = block.metadata;
      // What is heard while we write it is looked at afterwards: the write finds out by itself.
      if (this.#busy.has(name)) this.#heard.set(name, block);
      else this.#hear(block);
    }
  }

  /** A block that was deleted holds nothing any more: whose the addresses are has to be written anew. */
  observeDeleted(name: string): void {
    this.#heard.delete(name);
    const block = this.#blocks.get(name);
    if (block === undefined) return;
    this.#blocks.delete(name);
    this.#own.forget(block);
    const owned = [...block.owned.values()];
    this.#handlers.onHeld([], owned);
    this.#handlers.onClaimed(new Set(owned.map(({ service }) => service)));
  }

  /** The resourceVersion that a Service had when its ownership of this address was written; undefined if it is not. */
  seen(uid: string, address: Address): string | undefined {
    return this.#blocks.get(blockNameOf(address))?.owned.get(nameOf({ uid, address }))?.seen;
  }

  claim(claim: Claim): void {
    const { claims, releases } = this.#pendingOf(claim.address);
    releases.delete(nameOf(claim));
    claims.set(nameOf(claim), claim);
    this.#start(blockNameOf(claim.address));
  }

  release(holding: Holding): void {
    const { claims, releases } = this.#pendingOf(holding.address);
    claims.delete(nameOf(holding));
    releases.set(nameOf(holding), holding);
    this.#start(blockNameOf(holding.address));
  }

  /** Makes an address this Service's that was reserved for whatever comes next; false if it was not. */
  take(claim: Claim): boolean {
    const name = blockNameOf(claim.address);
    if (!this.#own.take(this.#blocks.get(name), claim)) return false;
    this.#pendingOf(claim.address);
    this.#start(name);
    return true;
  }

  /** Reserves the address that comes next, so that its Service need not wait until that is written. */
  reserve(next: Address | undefined): void {
    this.#own.next = next;
    if (next === undefined) return;
    const name = blockNameOf(next);
    if (!this.#own.isDue(name, this.#blocks.get(name))) return;
    this.#pendingOf(next);
    this.#start(name);
  }

  /** Nobody is given anything from here on: what was reserved is free again. What is not given back is so later. */
  async giveBack(api: AddressApi): Promise<void> {
    this.#own.next = undefined;
    for (const block of this.#blocks.values()) {
      if (block.ready.length + block.given.size === 0) continue;
      block.withdraw();
      await api.writeBlock(block.with({ claims: [], releases: [], reservation: undefined })).catch(() => {});
    }
  }

  /** Everything that waited for a release's Service to be seen, and everything that failed, is tried again. */
  retry(): void {
    this.#renew(this.#heldUp.since());
    this.reserve(this.#own.next);
    for (const name of this.#pending.keys()) this.#start(name);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  #pendingOf(address: Address): Pending {
    const name = blockNameOf(address);
    const pending = this.#pending.get(name) ?? { claims: new Map(), releases: new Map() };
    this.#pending.set(name, pending);
    return pending;
  }

  #start(name: string): void {
    if (this.#busy.has(name)) return;
    // All that one turn of the event loop brings is one write.
    const work = Promise.resolve()
      .then(() => this.#work(name))
      .catch((error: unknown) => this.#handlers.onFailure(`AddressBlock ${name}`, error))
      .finally(() => {
        this.#busy.delete(name);
        const heard = this.#heard.get(name);
        this.#heard.delete(name);
        if (heard !== undefined) this.#hear(heard);
      });
    this.#busy.set(name, work);
  }

  async #work(name: string): Promise<void> {
    for (;;) {
      const pending = this.#pending.get(name);
      if (pending === undefined) return;
      const isAwaited = () => pending.claims.size + pending.releases.size > 0;
      if (!isAwaited() && this.#isToBeTidied(name)) await this.#pace.yield();
      if (isAwaited() || this.#isToBeTidied(name)) await this.#pace.rest(name);
      this.#dropNeedless(pending);
      this.#passBy(pending);
      const block = this.#blocks.get(name);
      const verified = await this.#verified([...pending.releases.values()]);
      // In the meantime it may have been claimed again.
      const releases = verified.filter((release) => pending.releases.has(nameOf(release)));
      const claims = [...pending.claims.values()].filter((claim) => this.#isClaimable(claim));
      if (claims.length + releases.length === 0 && !this.#isToBeTidied(name)) {
        if (pending.claims.size + pending.releases.size === 0) this.#pending.delete(name);
        return;
      }
      const reservation = this.#own.lineFor(name, block, claims);
      const first = claims[0] ?? releases[0] ?? reservation;
      const before = block ?? (first && this.#known(emptyBlock(first.address)));
      if (before === undefined) return;
      before.withdraw();
      try {
        const written = await this.#api.writeBlock(before.with({ claims, releases, reservation }));
        this.#pace.wrote(name);
        this.#settle(written, pending, claims, releases);
      } catch (error) {
        const isDeleted = block !== undefined && isGone(error);
        if (!isConflict(error) && !isDeleted) throw error;
        await this.#giveWay(name);
      }
    }
  }

  /** Whether there is something to write for which nobody waits. */
  #isToBeTidied(name: string): boolean {
    const block = this.#blocks.get(name);
    return (block !== undefined && block.given.size > 0) || this.#own.isDue(name, block);
  }

  /** What another controller has reserved is claimed by the Service that shows it, when nobody else can get it. */
  #isClaimable({ address }: Claim): boolean {
    const reservation = this.#reservationAt(address);
    return reservation === undefined || this.#others.isGiven(reservation);
  }

  #reservationAt(address: Address): Ownership | undefined {
    return this.#blocks.get(blockNameOf(address))?.reservationAt(address);
  }

  /** A Service of another version can be given nothing by a status that is on its way. */
  #passBy({ claims, releases }: Pending): void {
    const asked = [...claims.values(), ...releases.values()];
    const reservations = new Set(asked.flatMap(({ address }) => this.#reservationAt(address) ?? []));
    this.#renew([...reservations].flatMap((reservation) => this.#others.awaited(reservation) ?? []));
  }

  /** Whatever status is on its way to them will not be written; one that fails is tried again with what it is for. */
  #renew(services: readonly Service[]): void {
    for (const service of services) {
      this.#api.renew(service).catch((error: unknown) => {
        if (!isConflict(error) && !isGone(error)) this.#handlers.onFailure(`Service ${keyOf(service)}`, error);
      });
    }
  }

  /** A release that is not wanted any more is dropped; what was never written is released by forgetting it. */
  #dropNeedless(pending: Pending): void {
    const forgotten: Holding[] = [];
    for (const [name, release] of pending.releases) {
      const isWritten = this.seen(release.uid, release.address) !== undefined;
      if (isWritten && !this.#handlers.isWanted(release)) continue;
      pending.releases.delete(name);
      if (!isWritten) forgotten.push(release);
    }
    if (forgotten.length > 0) this.#handlers.onHeld([], forgotten);
  }

  /** The releases whose Service, read now, is gone or neither shows the address nor is newer than what we decided on. */
  async #verified(releases: readonly Holding[]): Promise<Holding[]> {
    const verdicts = await Promise.all(
      releases.map(async (holding) => {
        const reservation = holding.why === "reserved" ? this.#reservationAt(holding.address) : undefined;
        if (reservation !== undefined) return this.#others.isUnused(reservation);
        const service = await this.#read(holding);
        if (service === "unreadable") return false;
        if (service === undefined || service.metadata.uid !== holding.uid) return true;
        if (!this.#handlers.isDecidedOn(service) || this.#handlers.isWanted(holding)) return false;
        // Whoever wrote this ownership for this very version may be about to write the status.
        if (this.seen(holding.uid, holding.address) === service.metadata.resourceVersion) {
          this.#heldUp.note(nameOf(holding), service);
          return false;
        }
        return !assignedAddresses(service).some((each) => each.value === holding.address.value);
      }),
    );
    return releases.filter((_, index) => verdicts[index]);
  }

  /** One Service that cannot be read does not hold up what else is to be written. */
  async #read({ service }: Holding): Promise<Service | undefined | "unreadable"> {
    try {
      return await this.#api.readService(service);
    } catch (error) {
      this.#handlers.onFailure(`Service ${service}`, error);
      return "unreadable";
    }
  }

  #settle(block: AddressBlock, pending: Pending, claims: readonly Claim[], releases: readonly Holding[]): void {
    this.#learn(block);
    for (const claim of claims) {
      if (pending.claims.get(nameOf(claim)) === claim) pending.claims.delete(nameOf(claim));
    }
    const touched = new Set(claims.map((claim) => claim.service));
    for (const release of releases) {
      pending.releases.delete(nameOf(release));
      // Claimed again while it was released: it is nobody's now, and decided anew.
      if (pending.claims.delete(nameOf(release))) touched.add(release.service);
    }
    if (releases.length > 0) this.#handlers.onHeld([], releases);
    if (touched.size > 0) this.#handlers.onClaimed(touched);
  }

  /** What is written, and what we have made of it since. */
  #known(block: AddressBlock): KnownBlock {
    return new KnownBlock(block, this.#own.reserver);
  }

  /** Takes note of a block as it is written; says what we took there that has come to nothing. */
  #learn(block: AddressBlock): { readonly now: KnownBlock; readonly lost: readonly Claim[] } {
    const now = this.#known(block);
    this.#blocks.set(block.metadata.name, now);
    return { now, lost: this.#own.settle(now) };
  }

  async #giveWay(name: string): Promise<void> {
    const block = await this.#api.readBlock(name);
    if (block === undefined) this.observeDeleted(name);
    else this.#accept(block);
  }

  #hear(block: AddressBlock): void {
    const before = this.#blocks.get(block.metadata.name)?.block;
    if (before === undefined || versionOf(block) > versionOf(before)) this.#accept(block);
  }

  /** Somebody else wrote the block: their truth stands, and what we had issued in it is decided again. */
  #accept(block: AddressBlock): void {
    const { name } = block.metadata;
    const before = this.#blocks.get(name);
    const { now, lost } = this.#learn(block);
    const pending = this.#pending.get(name);
    const issued = [...(pending?.claims.values() ?? []), ...lost];
    pending?.claims.clear();
    const known = [...(before?.owned.values() ?? []), ...issued, ...(pending?.releases.values() ?? [])];
    const gone = known.filter((each) => !now.owned.has(nameOf(each)));
    this.#handlers.onHeld([...now.owned.values()], gone);
    if (issued.length > 0) this.#handlers.onClaimed(new Set(issued.map((claim) => claim.service)));
  }
}
