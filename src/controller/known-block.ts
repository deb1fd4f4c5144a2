import { formatAddress, type Address } from "../net/index.ts";
import type { AddressBlock } from "../kubernetes/resources/index.ts";
import {
  blockFirstAddress,
  blockNameOf,
  ownershipIn,
  ownershipLine,
  type Holding,
  type Ownership,
} from "../plan/index.ts";

/** A block as it is written, with its lines by owner and address. */
export interface Known {
  readonly block: AddressBlock;
  readonly owned: ReadonlyMap<string, Ownership>;
  /** As they are written, also those that a later version may have written and we cannot read. */
  readonly lines: ReadonlyMap<string, string>;
}

export function known(block: AddressBlock): Known {
  const [owned, lines] = [new Map<string, Ownership>(), new Map<string, string>()];
  for (const line of block.spec.owned) {
    const ownership = ownershipIn(line);
    const name = ownership === undefined ? line : nameOf(ownership);
    if (ownership !== undefined) owned.set(name, ownership);
    lines.set(name, line);
  }
  return { block, owned, lines };
}

/** The block with these claims and without these releases; created, where there was none, for `address`. */
export function changed(
  before: Known | undefined,
  address: Address,
  claims: readonly Ownership[],
  releases: readonly Holding[],
): AddressBlock {
  const block = before?.block ?? emptyBlock(address);
  const lines = new Map<string, string>(before?.lines);
  for (const release of releases) lines.delete(nameOf(release));
  for (const claim of claims) lines.set(nameOf(claim), ownershipLine(claim));
  return { ...block, spec: { ...block.spec, owned: [...lines.values()] } };
}

function emptyBlock(address: Address): AddressBlock {
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

/** Versions of one object grow as it is written; a server that counts in another way leaves 0, and nothing is older. */
export function versionOf(block: AddressBlock): bigint {
  const text = block.metadata.resourceVersion ?? "";
  return /^[0-9]+$/.test(text) ? BigInt(text) : 0n;
}
