import { randomUUID } from "node:crypto";
import { formatAddress, type Address } from "../../net/index.ts";
import { blockNameOf, type Ownership } from "../../plan/index.ts";
import { nameOf, type KnownBlock, type Reserver } from "./known-block.ts";
import { isWithin, versionIn, windowIn, windowText, type Windows } from "./window.ts";

/** What one process has reserved whenever it led: a status that it wrote then may still be on its way. */
export interface Reserved {
  readonly ids: Set<string>;
  readonly taken: Map<string, Ownership>;
}

export function nothingReserved(): Reserved {
  return { ids: new Set(), taken: new Map() };
}

/**
 * The address that a controller keeps ready for whatever Service comes next: nobody else may give it, and it may give it
 * before it has written whose it is.
 */
export class OwnReservation {
  readonly #windows: Windows;
  readonly #version: () => bigint | undefined;
  readonly #id = randomUUID();
  readonly #former: ReadonlySet<string>;
  readonly #taken: Map<string, Ownership>;
  /** The address that is to be reserved. */
  next: Address | undefined;
  /** What was reserved last, as it was seen to be written. */
  #stood: Ownership | undefined;

  /** `version` is the one in which the Services are known; undefined while that is being found out. */
  constructor(windows: Windows, version: () => bigint | undefined, { ids, taken }: Reserved) {
    this.#windows = windows;
    this.#version = version;
    this.#former = new Set(ids);
    this.#taken = taken;
    ids.add(this.#id);
  }

  get reserver(): Reserver {
    return { id: this.#id, former: this.#former, taken: this.#taken };
  }

  /** Whether a block is to be written for its sake. */
  isDue(name: string, block: KnownBlock | undefined): boolean {
    const wish = this.#wishIn(name, block);
    if (wish === undefined) return false;
    const window = windowIn(block?.readyAt(wish.address)?.seen ?? "");
    return window === undefined || this.#windows.isStale(window, wish.version);
  }

  /** What to reserve in a block that is written with these claims. */
  lineFor(name: string, block: KnownBlock | undefined, claims: readonly Ownership[]): Ownership | undefined {
    const wish = this.#wishIn(name, block);
    if (wish === undefined || claims.some((claim) => claim.address.value === wish.address.value)) return undefined;
    const seen = windowText(this.#windows.next(wish.version));
    return { address: wish.address, uid: this.#id, service: "-", why: "reserved", seen };
  }

  /** Makes an address that is reserved this owner's; false if it is not reserved, or not for this version of its Service. */
  take(block: KnownBlock | undefined, claim: Ownership): boolean {
    const window = windowIn(block?.readyAt(claim.address)?.seen ?? "");
    const version = this.#version();
    if (block === undefined || window === undefined || version === undefined) return false;
    // An older state than the one in which it was reserved is one in which it may not be.
    if (version < window.after || !isWithin(window, versionIn(claim.seen))) return false;
    this.#taken.set(formatAddress(claim.address), claim);
    block.take(claim);
    return true;
  }

  /** Takes note of a block as it is written now. Returns what was taken, and has come to nothing. */
  settle(now: KnownBlock): readonly Ownership[] {
    const { name } = now.block.metadata;
    const settled = [...this.#taken].filter(
      ([text, { address }]) => blockNameOf(address) === name && !now.given.has(text),
    );
    for (const [text] of settled) this.#taken.delete(text);
    this.#stood = now.ready.at(-1) ?? this.#stood;
    return settled.map(([, claim]) => claim).filter((claim) => !now.owned.has(nameOf(claim)));
  }

  /** The block is gone. */
  forget({ given }: KnownBlock): void {
    for (const text of given.keys()) this.#taken.delete(text);
  }

  #wishIn(name: string, block: KnownBlock | undefined): { address: Address; version: bigint } | undefined {
    const [address, version] = [this.next, this.#version()];
    if (address === undefined || version === undefined || blockNameOf(address) !== name) return undefined;
    const isTaken =
      block?.isOwned(address) === true || (block?.readyAt(address) === undefined && this.#wasFreed(address, version));
    return isTaken ? undefined : { address, version };
  }

  /** Another controller has freed it and knows a later version: it would free it again. */
  #wasFreed(address: Address, version: bigint): boolean {
    if (this.#stood?.address.value !== address.value) return false;
    const window = windowIn(this.#stood.seen);
    return window !== undefined && version <= window.after;
  }
}
