import { formatAddress } from "../../net/index.ts";
import { keyOf, selects, type BGPPeer, type LabelSelector, type Node } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { Peer } from "./configuration.ts";

/** One node has one session with one router: of two peers that are reached alike, no node may have both. */
export function sharedPeerAddresses(
  objects: readonly BGPPeer[],
  peers: readonly Peer[],
  nodes: readonly Node[],
): ConfigurationReason[] {
  return peers.flatMap((peer, index) => {
    for (const other of peers.slice(0, index)) {
      if (placeOf(peer) !== placeOf(other)) continue;
      const both = nodes.find((node) => [peer, other].every((each) => isFor(each, node)));
      if (both === undefined) continue;
      const object = objects.find((each) => each.metadata.name === peer.name);
      const { reach } = peer;
      const reason: ConfigurationReason = {
        code: "configuration.field",
        object: `BGPPeer ${object === undefined ? peer.name : keyOf(object)}`,
        field: reach.by === "address" ? "spec.peerAddress" : "spec.interface",
        value: reach.by === "address" ? formatAddress(reach.address) : reach.interface,
        expected: `must be another than that of peer ${other.name}, or nodeSelectors must not both select ${both.metadata.name}`,
      };
      return [reason];
    }
    return [];
  });
}

/** In each VRF an address may be another router's. */
export function placeOf({ reach, vrf }: Pick<Peer, "reach" | "vrf">): string {
  const place = reach.by === "address" ? formatAddress(reach.address) : reach.interface;
  return vrf === undefined ? place : `${place} in VRF ${vrf}`;
}

export function isFor({ nodeSelectors }: { readonly nodeSelectors: readonly LabelSelector[] }, node: Node): boolean {
  return nodeSelectors.length === 0 || nodeSelectors.some((each) => selects(each, node.metadata.labels));
}
