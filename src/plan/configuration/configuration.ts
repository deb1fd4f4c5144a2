import type { Address, AddressFamily, Prefix } from "../../net/index.ts";
import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community as CommunityObject,
  IPAddressPool,
  LabelSelector,
  Secret,
} from "../../kubernetes/resources/index.ts";
import type { Pool } from "./pool.ts";

/** The resources by which users configure pools, peers and advertisements, as they are written. */
export interface ConfigurationObjects {
  readonly pools: readonly IPAddressPool[];
  readonly peers: readonly BGPPeer[];
  readonly advertisements: readonly BGPAdvertisement[];
  readonly bfdProfiles: readonly BFDProfile[];
  /** Names for communities. */
  readonly communities: readonly CommunityObject[];
}

/**
 * The Secrets that peers name, by name: what is there, or why it is not. One that is left out has not been looked for,
 * which is no fault.
 */
export type PeerSecrets = ReadonlyMap<string, Secret | "missing" | "forbidden">;

/** What users configured, checked and parsed: the part of a snapshot that changes seldom. */
export interface Configuration {
  /** By name. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly advertisements: ReadonlyMap<string, Advertisement>;
}

/** What a peer is found by. */
export type PeerReach =
  | { readonly by: "address"; readonly address: Address }
  /** Unnumbered: whoever routes on this link. */
  | { readonly by: "interface"; readonly interface: string };

/** Which of its addresses a node dials from: one that a link has, or one inside a prefix. */
export type SourceChoice =
  | { readonly by: "link"; readonly link: string }
  | { readonly by: "prefix"; readonly prefix: Prefix };

/** A BGPPeer, its times in milliseconds. */
export interface Peer {
  readonly name: string;
  readonly reach: PeerReach;
  readonly port: number;
  /** What the peer hears: `localASN`, or else `myASN`. */
  readonly localAsn: number;
  /** Or exactly, or any but, `localAsn`. */
  readonly remoteAsn: number | "internal" | "external";
  /** What is announced. */
  readonly families: readonly AddressFamily[];
  readonly holdTimeMs: number;
  /** A third of the hold time where it is not given. */
  readonly keepaliveTimeMs: number | undefined;
  readonly connectTimeMs: number | undefined;
  /** The node's own IPv4 address where it is not given. */
  readonly routerId: Address | undefined;
  readonly sourceAddress: Address | undefined;
  /** Instead of `sourceAddress`: which of its own addresses each node takes. */
  readonly sourceFrom: SourceChoice | undefined;
  /** Where routes of the session's family lead: to the address that it is spoken from, or to the node's InternalIP. */
  readonly nextHop: "session" | "node";
  /** ORIGIN of all routes. */
  readonly origin: "igp" | "incomplete";
  /** The VRF that the peer is in; undefined for none. */
  readonly vrf: string | undefined;
  /** Signs the session; never to be logged or reported. */
  readonly md5Password: string | undefined;
  readonly gracefulRestart: boolean;
  /** Who opens the connection: either side, only the peer, only we. */
  readonly connectMode: "both" | "passive" | "active";
  /** GTSM (RFC 5082): how many links there are to the peer at most; undefined where it is not asked for. */
  readonly ttlSecurityHops: number | undefined;
  /** How the path to it is watched; undefined where only the hold time does it. */
  readonly bfd: BFDProfile["spec"] | undefined;
  /** Whether other routers may lie between. */
  readonly isMultihop: boolean;
  /** Empty selects all nodes. */
  readonly nodeSelectors: readonly LabelSelector[];
}

export type Community =
  | { readonly type: "standard"; readonly value: number }
  | { readonly type: "large"; readonly value: readonly [number, number, number] };

/** A BGPAdvertisement; empty lists select all. */
export interface Advertisement {
  readonly name: string;
  readonly aggregationLength: { readonly 4: number; readonly 6: number };
  readonly localPref: number | undefined;
  readonly communities: readonly Community[];
  /** MULTI_EXIT_DISC. */
  readonly med: number | undefined;
  /** How often more than once our AS number stands in the AS_PATH. */
  readonly prepend: number;
  /** By what routers shall weigh the nodes' paths; undefined for all alike. */
  readonly weight: "local-endpoints" | undefined;
  /** Names of the pools that it is for, its selectors resolved. */
  readonly pools: ReadonlySet<string>;
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
  readonly peers: readonly string[];
}
