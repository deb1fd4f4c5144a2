import { addressBits, parseRange, type AddressFamily, type AddressRange } from "../../net/index.ts";
import type { BGPAdvertisement, IPAddressPool, Node } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import { complainOf } from "./complaint.ts";
import type { Advertisement } from "./configuration.ts";
import { isFor } from "./shared-peer-addresses.ts";

const fields = { 4: "spec.aggregationLength", 6: "spec.aggregationLengthV6" } as const;

/** An aggregate must not cover more than a range of the pool that it announces: the rest is not ours. */
export function aggregationProblems(
  advertisement: Advertisement,
  object: BGPAdvertisement,
  pools: readonly IPAddressPool[],
): ConfigurationReason[] {
  const problems: ConfigurationReason[] = [];
  const complain = complainOf(object, problems);
  for (const { metadata, spec } of pools.filter((pool) => advertisement.pools.has(pool.metadata.name))) {
    for (const text of spec.addresses) {
      const range = parseRange(text);
      if ("code" in range) continue;
      const { family } = range.first;
      const wanted = advertisement.aggregationLength[family];
      if (wanted >= shortestPrefixIn(range)) continue;
      const expected = `must not be shorter than ${text} of pool ${metadata.name}`;
      complain(fields[family], wanted, expected, "aggregation");
    }
  }
  return problems;
}

/** The length of the greatest prefix that lies within a range. */
function shortestPrefixIn({ first, last }: AddressRange): number {
  const bits = addressBits(first.family);
  const [start, end] = [BigInt(first.value), BigInt(last.value)];
  for (let length = 0; length < bits; length++) {
    const size = 1n << BigInt(bits - length);
    const aligned = ((start + size - 1n) / size) * size;
    if (aligned + size - 1n <= end) return length;
  }
  return bits;
}

/** One route has one local preference: two advertisements of one pool to the same peers from the same nodes agree on it. */
export function preferenceConflicts(
  advertisements: readonly Advertisement[],
  objects: readonly BGPAdvertisement[],
  pools: readonly IPAddressPool[],
  nodes: readonly Node[],
): ConfigurationReason[] {
  const problems: ConfigurationReason[] = [];
  for (const [index, one] of advertisements.entries()) {
    const object = objects[index];
    const other = advertisements.slice(0, index).find((each) => conflict(one, each, pools, nodes));
    if (other === undefined || object === undefined) continue;
    const expected = `must be ${other.localPref ?? "left out"} as in BGPAdvertisement ${other.name}, which is for the same pools, peers and nodes`;
    complainOf(object, problems)("spec.localPref", one.localPref, expected);
  }
  return problems;
}

function conflict(
  one: Advertisement,
  other: Advertisement,
  pools: readonly IPAddressPool[],
  nodes: readonly Node[],
): boolean {
  if (one.localPref === other.localPref) return false;
  // Whether selectors of Services overlap shows only with the Services; then the higher preference counts.
  if (one.serviceSelectors.length + other.serviceSelectors.length > 0) return false;
  const anyPeer = one.peers.length === 0 || other.peers.length === 0;
  if (!anyPeer && !one.peers.some((peer) => other.peers.includes(peer))) return false;
  const families = ([4, 6] as const).filter((each) => one.aggregationLength[each] === other.aggregationLength[each]);
  const sharesPool = pools
    .filter(({ metadata: { name } }) => one.pools.has(name) && other.pools.has(name))
    .some((pool) => families.some((family) => hasFamily(pool, family)));
  return sharesPool && nodes.some((node) => isFor(one, node) && isFor(other, node));
}

function hasFamily({ spec }: IPAddressPool, family: AddressFamily): boolean {
  return spec.addresses.some((text) => {
    const range = parseRange(text);
    return !("code" in range) && range.first.family === family;
  });
}
