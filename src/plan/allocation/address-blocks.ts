import { formatAddress, parseAddress, prefixOf, type Address } from "../../net/index.ts";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import type { Holding } from "./holdings.ts";

/** A block holds the 256 addresses that differ in their last eight bits only. */
export function blockFirstAddress(address: Address): Address {
  return prefixOf(address, address.family === 4 ? 24 : 120).address;
}

/** The name of the AddressBlock that an address belongs to: one for each /24, or /120. */
export function blockNameOf(address: Address): string {
  const first = blockFirstAddress(address);
  return first.family === 4 ? `ipv4-${formatAddress(first)}` : `ipv6-${first.value.toString(16).padStart(32, "0")}`;
}

/** What a block says of who holds what; addresses that do not parse are left out. */
export function holdingsOf(block: AddressBlock): Holding[] {
  return block.spec.owned.flatMap(({ address: text, owners }) => {
    const address = parseAddress(text);
    if (address === undefined) return [];
    return owners.map(({ uid, service, why }) => ({ address, uid, service, why }));
  });
}
