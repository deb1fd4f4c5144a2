import { formatAddress, parseAddress, type Address } from "../../net/index.ts";
import type { Node } from "../../kubernetes/resources/index.ts";

/** Another node, as far as its life can be watched. */
export interface Member {
  readonly name: string;
  /** Another one after the Node was made anew or the machine was booted: it is dead no more. */
  readonly incarnation: string;
  readonly address: Address;
  /** This node's own, from which it watches. */
  readonly localAddress: Address;
  /** False where Kubernetes knows already that it is dead. */
  readonly isReady: boolean;
}

/** Whom this node watches: all others that it has a family of addresses with, each at an InternalIP. Pure. */
export function membersOf(nodes: Iterable<Node>, nodeName: string): readonly Member[] {
  const all = [...nodes].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const own = all.find(({ metadata }) => metadata.name === nodeName);
  if (own === undefined) return [];
  // A machine that was registered anew under another name may leave its old Node behind for a while.
  const taken = new Set(internalAddresses(own).map(formatAddress));
  return all.flatMap((node): Member[] => {
    const { name, uid = "" } = node.metadata;
    const path = name === nodeName ? undefined : pathBetween(own, node);
    if (path === undefined || taken.has(formatAddress(path.address))) return [];
    taken.add(formatAddress(path.address));
    const incarnation = `${uid} ${node.status?.nodeInfo?.bootID ?? ""}`;
    return [{ name, incarnation, ...path, isReady: isReady(node) }];
  });
}

/** The first family that both have, in the order of the one whose name comes first: so both choose the same. */
function pathBetween(own: Node, other: Node): Pick<Member, "localAddress" | "address"> | undefined {
  const [ours, theirs] = [internalAddresses(own), internalAddresses(other)];
  for (const { family } of own.metadata.name < other.metadata.name ? ours : theirs) {
    const [localAddress, address] = [ours, theirs].map((addresses) => addresses.find((each) => each.family === family));
    if (localAddress !== undefined && address !== undefined) return { localAddress, address };
  }
  return undefined;
}

function internalAddresses(node: Node): readonly Address[] {
  return (node.status?.addresses ?? []).flatMap(({ type, address }) =>
    type === "InternalIP" ? (parseAddress(address) ?? []) : [],
  );
}

function isReady(node: Node): boolean {
  return node.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}
