import { formatAddress, parseAddress, type Address } from "../../net/index.ts";
import type { Node } from "../../kubernetes/resources/index.ts";

/** Another node, as far as its life can be watched. */
export interface Member {
  readonly name: string;
  /** Another one after the Node was made anew or the machine was booted: what was known of it holds no more. */
  readonly incarnation: string;
  readonly address: Address;
  /** False where Kubernetes knows already that it is dead. */
  readonly isReady: boolean;
}

export interface Membership {
  /** This node's own, from which it watches; undefined while it has none. */
  readonly address: Address | undefined;
  readonly others: readonly Member[];
}

/** Who watches whom: all others, each at its first InternalIP of the family of ours. Pure. */
export function membershipOf(nodes: Iterable<Node>, nodeName: string): Membership {
  const all = [...nodes].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const own = all.find(({ metadata }) => metadata.name === nodeName);
  const address = own && internalAddresses(own)[0];
  if (address === undefined) return { address, others: [] };
  // A machine that was registered anew under another name may leave its old Node behind for a while.
  const taken = new Set([formatAddress(address)]);
  const others = all.flatMap((node): Member[] => {
    const found = internalAddresses(node).find(({ family }) => family === address.family);
    if (node === own || found === undefined || taken.has(formatAddress(found))) return [];
    taken.add(formatAddress(found));
    const { name, uid = "" } = node.metadata;
    const incarnation = `${uid} ${node.status?.nodeInfo?.bootID ?? ""}`;
    return [{ name, incarnation, address: found, isReady: isReady(node) }];
  });
  return { address, others };
}

function internalAddresses(node: Node): readonly Address[] {
  return (node.status?.addresses ?? []).flatMap(({ type, address }) =>
    type === "InternalIP" ? (parseAddress(address) ?? []) : [],
  );
}

function isReady(node: Node): boolean {
  return node.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}
