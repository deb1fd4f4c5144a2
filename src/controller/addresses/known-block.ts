import { formatAddress, type Address } from "../../net/index.ts";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import {
  blockFirstAddress,
  blockNameOf,
  ownershipIn,
  ownershipLine,
  type Holding,
  type Ownership,
} from "../../plan/index.ts";
import { versionIn } from "./window.ts";

/** What one controller has reserved in blocks. */
export interface Reserver {
  /** Stands for its UID in the lines that reserve. */
  readonly id: string;
  /** Those that it had when it led before: nothing is given by these any more. */
  readonly former: ReadonlySet<string>;
  /** By address, what it has given away and not yet written. */
  readonly taken: ReadonlyMap<string, Ownership>;
}

/** What is to be written to a block, beside what is in it. */
export interface BlockChange {
  readonly claims: readonly Ownership[];
  readonly releases: readonly Holding[];
  readonly reservation: Ownership | undefined;
}

/** A block as it is written, with its lines by owner and address; and with what one controller has made of it since. */
export class KnownBlock {
  readonly block: AddressBlock;
  readonly #owned = new Map<string, Ownership>();
  /** As they are written, also those that a later version may have written and we cannot read. */
  readonly #lines = new Map<string, string>();
  /** The controller's own, given to nobody yet; by address. */
  readonly #ready = new Map<string, Ownership>();
  /** Those of other controllers; by address. */
  readonly #foreign = new Map<string, Ownership>();
  readonly #given = new Map<string, Ownership>();

  constructor(block: AddressBlock, { id, former, taken }: Reserver) {
    this.block = block;
    const ours: string[] = [];
    for (const line of block.spec.owned) {
      const ownership = ownershipIn(line);
      if (ownership === undefined) this.#lines.set(line, line);
      else if (ownership.uid !== id && !former.has(ownership.uid)) this.#own(ownership, line);
      else {
        const address = formatAddress(ownership.address);
        if (ownership.uid === id) this.#ready.set(address, ownership);
        ours.push(address);
      }
    }
    for (const address of ours) {
      const claim = taken.get(address);
      if (claim !== undefined) this.take(claim);
    }
  }

  /** Whose is what; of reservations those of other controllers. */
  get owned(): ReadonlyMap<string, Ownership> {
    return this.#owned;
  }

  /** What another controller has reserved. */
  reservationAt(address: Address): Ownership | undefined {
    return this.#foreign.get(formatAddress(address));
  }

  isOwned(address: Address): boolean {
    for (const each of this.#owned.values()) if (each.address.value === address.value) return true;
    return false;
  }

  /** What is reserved by us, for nobody yet. */
  get ready(): readonly Ownership[] {
    return [...this.#ready.values()];
  }

  readyAt(address: Address): Ownership | undefined {
    return this.#ready.get(formatAddress(address));
  }

  /** What was reserved by us and is somebody's now, which is not written yet; by address. */
  get given(): ReadonlyMap<string, Ownership> {
    return this.#given;
  }

  /** Makes the reservation of an address this owner's. */
  take(claim: Ownership): void {
    this.#ready.delete(formatAddress(claim.address));
    this.#own(claim, ownershipLine(claim));
    this.#given.set(formatAddress(claim.address), claim);
  }

  /** Nothing of what is reserved can be taken any more: somebody is about to write the block without it. */
  withdraw(): void {
    this.#ready.clear();
  }

  /** The block with these changes, and with nothing reserved by us but the one. */
  with({ claims, releases, reservation }: BlockChange): AddressBlock {
    const lines = new Map(this.#lines);
    for (const release of releases) lines.delete(nameOf(release));
    for (const claim of claims) {
      lines.set(nameOf(claim), ownershipLine(claim));
      const reservation = this.reservationAt(claim.address);
      if (reservation !== undefined) lines.delete(nameOf(reservation));
    }
    if (reservation !== undefined) lines.set(nameOf(reservation), ownershipLine(reservation));
    return { ...this.block, spec: { ...this.block.spec, owned: [...lines.values()] } };
  }

  #own(ownership: Ownership, line: string): void {
    if (ownership.why === "reserved") this.#foreign.set(formatAddress(ownership.address), ownership);
    this.#owned.set(nameOf(ownership), ownership);
    this.#lines.set(nameOf(ownership), line);
  }
}

/** One that is yet to be created, for an address. */
export function emptyBlock(address: Address): AddressBlock {
  return {
    apiVersion: "fairlead.dev/v1alpha1",
    kind: "AddressBlock",
    metadata: { name: blockNameOf(address) },
    spec: { first: formatAddress(blockFirstAddress(address)), owned: [] },
  };
}

/** An owner and his address, as maps are keyed by. */
export function nameOf({ uid, address }: Pick<Holding, "uid" | "address">): string {
  return `${formatAddress(address)} ${uid}`;
}

/** Where a server counts in another way, nothing is older. */
export function versionOf(block: AddressBlock): bigint {
  return versionIn(block.metadata.resourceVersion) ?? 0n;
}
