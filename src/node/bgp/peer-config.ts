import type { Address } from "../../net/index.ts";
import type { Peer as PlannedPeer } from "../../plan/index.ts";
import type { PeerConfig } from "../../protocols/bgp/index.ts";
import type { BfdPeer } from "../bfd/index.ts";
import { missingSource } from "./source-addresses.ts";
import type { LinkEnds } from "./unnumbered-links.ts";

/** A node's own addresses, one of each family that it has. */
export interface NodeAddresses {
  readonly 4?: Address;
  readonly 6?: Address;
}

/** What is known of the link of an unnumbered peer, while it is up. */
export type EndsOf = (link: string) => LinkEnds | undefined;

/** What the speaker is told of a peer of the plan. */
export function peerConfigOf(peer: PlannedPeer, own: NodeAddresses, endsOf: EndsOf): PeerConfig {
  const { connectTimeMs } = peer;
  const missing = missingSource(peer);
  return {
    name: peer.name,
    remotePort: peer.port,
    remoteAsn: peer.remoteAsn,
    localAsn: peer.localAsn,
    families: peer.families,
    passive: peer.connectMode === "passive",
    accepts: peer.connectMode !== "active",
    holdTimeMs: peer.holdTimeMs,
    ...(peer.keepaliveTimeMs === undefined ? {} : { keepaliveMs: peer.keepaliveTimeMs }),
    ...(connectTimeMs === undefined ? {} : { connectRetryMs: { least: connectTimeMs, most: connectTimeMs } }),
    ...(peer.routerId?.family === 4 ? { routerId: peer.routerId } : {}),
    ...placeOf(peer, own, endsOf),
    ...(missing === undefined ? {} : { unavailable: missing }),
    ...(peer.vrf === undefined ? {} : { vrf: peer.vrf }),
    ...(peer.md5Password === undefined ? {} : { md5Password: peer.md5Password }),
    ...(peer.ttlSecurityHops === undefined ? {} : { ttlSecurityHops: peer.ttlSecurityHops }),
    // The speaker's own default is 15 s.
    ...(peer.gracefulRestart ? { gracefulRestart: {} } : {}),
  };
}

type Place = Pick<PeerConfig, "remoteAddress" | "interface" | "localAddress" | "nextHops">;

function placeOf({ reach, families, sourceAddress, nextHop }: PlannedPeer, own: NodeAddresses, endsOf: EndsOf): Place {
  if (reach.by === "interface") return unnumberedPlace(reach.interface, endsOf(reach.interface));
  const { family } = reach.address;
  // Routes of the session's own family lead to the session's own address, unless it is one for speaking alone; for the
  // other the node has to have one.
  const other = family === 4 ? 6 : 4;
  const ownHop = nextHop === "node" ? own[family] : undefined;
  const otherHop = families.includes(other) ? own[other] : undefined;
  return {
    remoteAddress: reach.address,
    nextHops: {
      ...(ownHop === undefined ? {} : { [family]: ownHop }),
      ...(otherHop === undefined ? {} : { [other]: otherHop }),
    },
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
  };
}

/** Where an unnumbered peer is, as far as it is known. */
function unnumberedPlace(link: string, ends: LinkEnds | undefined): Place {
  if (ends === undefined) return { interface: link };
  const { linkLocal, global, neighbour } = ends;
  return {
    interface: link,
    // Named, so that the session follows where our own address becomes another.
    localAddress: linkLocal,
    ...(neighbour === undefined ? {} : { remoteAddress: neighbour }),
    // Without one the link-local address alone is the next hop, for IPv4 too (RFC 8950).
    ...(global === undefined ? {} : { nextHops: { 4: global, 6: global } }),
  };
}

/** What BFD is told of a peer; `undefined` while it is not known where the peer is. */
export function bfdPeerOf(peer: PlannedPeer, endsOf: EndsOf): BfdPeer | undefined {
  const { name, reach, sourceAddress, isMultihop, vrf } = peer;
  if (missingSource(peer) !== undefined) return undefined;
  if (reach.by === "address") {
    return {
      name,
      address: reach.address,
      isMultihop,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
      ...(vrf === undefined ? {} : { vrf }),
    };
  }
  const ends = endsOf(reach.interface);
  if (ends?.neighbour === undefined) return undefined;
  return {
    name,
    address: ends.neighbour,
    isMultihop: false,
    interface: reach.interface,
    sourceAddress: ends.linkLocal,
  };
}
