import { formatAddress, parseAddress } from "../../net/index.ts";
import type { Node } from "../../kubernetes/resources/index.ts";

/** Nodes whose condition Ready is not True. A node without the condition is new, not dead. */
export function deadNodesOf(nodes: Iterable<Node>): Set<string> {
  const dead = new Set<string>();
  for (const node of nodes) {
    const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
    if (ready !== undefined && ready.status !== "True") dead.add(node.metadata.name);
  }
  return dead;
}

/** Where a node answers for node ports: its addresses inside and outside, sorted. */
export function addressesOf(node: Node): readonly string[] {
  const addresses = (node.status?.addresses ?? []).flatMap(({ type, address }) => {
    const parsed = type === "InternalIP" || type === "ExternalIP" ? parseAddress(address) : undefined;
    return parsed === undefined ? [] : [formatAddress(parsed)];
  });
  return [...new Set(addresses)].sort();
}
