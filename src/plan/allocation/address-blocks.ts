import { formatAddress, parseAddress, prefixOf, type Address } from "../../net/index.ts";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import type { HoldingCause } from "../reason.ts";
import type { Holding } from "./holdings.ts";

/** One line of an AddressBlock. */
export interface Ownership extends Holding {
  /** The Service's resourceVersion when its ownership was written; of a reservation, its window. */
  readonly seen: string;
}

const causes: readonly HoldingCause[] = [
  "annotation",
  "serviceAllocation",
  "autoAssign",
  "requested",
  "shared",
  "adopted",
  "reserved",
];

/** A block holds the 256 addresses that differ in their last eight bits only. */
export function blockFirstAddress(address: Address): Address {
  return prefixOf(address, address.family === 4 ? 24 : 120).address;
}

/** The name of the AddressBlock that an address belongs to: one for each /24, or /120. */
export function blockNameOf(address: Address): string {
  const first = blockFirstAddress(address);
  return first.family === 4 ? `ipv4-${formatAddress(first)}` : `ipv6-${first.value.toString(16).padStart(32, "0")}`;
}

/** The Services that own what is in a block; lines that do not parse are left out. */
export function ownershipsIn(block: AddressBlock): Ownership[] {
  const all = block.spec.owned.flatMap((line) => ownershipIn(line) ?? []);
  return all.filter(({ why }) => why !== "reserved");
}

/** A cause that we do not know is a later version's: the address is held, and why is not ours to say. */
export function ownershipIn(line: string): Ownership | undefined {
  const [text = "", service, uid, cause, seen] = line.split(" ");
  const address = parseAddress(text);
  if (address === undefined || service === undefined || uid === undefined || seen === undefined) return undefined;
  return { address, service, uid, why: causes.find((each) => each === cause) ?? "adopted", seen };
}

export function ownershipLine({ address, service, uid, why, seen }: Ownership): string {
  return [formatAddress(address), service, uid, why, seen].join(" ");
}
