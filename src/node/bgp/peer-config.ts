import type { Address } from "../../net/index.ts";
import type { Peer as PlannedPeer } from "../../plan/index.ts";
import type { PeerConfig } from "../../protocols/bgp/index.ts";
import type { BfdPeer } from "../bfd/index.ts";

/** A node's own addresses, one of each family that it has. */
export interface NodeAddresses {
  readonly 4?: Address;
  readonly 6?: Address;
}

/** A peer that is reached by its address. */
export interface AddressedPeer extends PlannedPeer {
  readonly reach: Extract<PlannedPeer["reach"], { readonly by: "address" }>;
}

export function isAddressed(peer: PlannedPeer): peer is AddressedPeer {
  return peer.reach.by === "address";
}

/** What the speaker is told of a peer of the plan. */
export function peerConfigOf(peer: AddressedPeer, own: NodeAddresses): PeerConfig {
  const { connectTimeMs } = peer;
  return {
    name: peer.name,
    remoteAddress: peer.reach.address,
    remotePort: peer.port,
    remoteAsn: peer.remoteAsn,
    localAsn: peer.localAsn,
    families: peer.families,
    nextHops: nextHopsOf(peer, own),
    passive: peer.connectMode === "passive",
    accepts: peer.connectMode !== "active",
    holdTimeMs: peer.holdTimeMs,
    ...(peer.keepaliveTimeMs === undefined ? {} : { keepaliveMs: peer.keepaliveTimeMs }),
    ...(connectTimeMs === undefined ? {} : { connectRetryMs: { least: connectTimeMs, most: connectTimeMs } }),
    ...(peer.routerId?.family === 4 ? { routerId: peer.routerId } : {}),
    ...(peer.sourceAddress === undefined ? {} : { localAddress: peer.sourceAddress }),
    ...(peer.vrf === undefined ? {} : { vrf: peer.vrf }),
    ...(peer.md5Password === undefined ? {} : { md5Password: peer.md5Password }),
    ...(peer.ttlSecurityHops === undefined ? {} : { ttlSecurityHops: peer.ttlSecurityHops }),
    // The speaker's own default is 15 s.
    ...(peer.gracefulRestart ? { gracefulRestart: {} } : {}),
  };
}

/** Routes of the session's own family lead to the session's own address; for the other the node has to have one. */
function nextHopsOf({ reach, families }: AddressedPeer, own: NodeAddresses): NodeAddresses {
  const other = reach.address.family === 4 ? 6 : 4;
  const address = own[other];
  return families.includes(other) && address !== undefined ? { [other]: address } : {};
}

/** What BFD is told of a peer. */
export function bfdPeerOf({ name, reach, sourceAddress, isMultihop }: AddressedPeer): BfdPeer {
  return { name, address: reach.address, isMultihop, ...(sourceAddress === undefined ? {} : { sourceAddress }) };
}
