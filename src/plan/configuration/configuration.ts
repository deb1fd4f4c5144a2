import type { Address } from "../../net/index.ts";
import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  IPAddressPool,
  LabelSelector,
} from "../../kubernetes/resources/index.ts";
import type { Pool } from "./pool.ts";

/** The resources by which users configure pools, peers and advertisements, as they are written. */
export interface ConfigurationObjects {
  readonly pools: readonly IPAddressPool[];
  readonly peers: readonly BGPPeer[];
  readonly advertisements: readonly BGPAdvertisement[];
  readonly bfdProfiles: readonly BFDProfile[];
}

/** What users configured, checked and parsed: the part of a snapshot that changes seldom. */
export interface Configuration {
  /** By name. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly advertisements: ReadonlyMap<string, Advertisement>;
}

/** A BGPPeer, its times in milliseconds. */
export interface Peer {
  readonly name: string;
  readonly address: Address;
  readonly port: number;
  readonly myAsn: number;
  readonly peerAsn: number;
  readonly holdTimeMs: number;
  /** A third of the hold time where it is not given. */
  readonly keepaliveTimeMs: number | undefined;
  readonly connectTimeMs: number | undefined;
  /** The node's own IPv4 address where it is not given. */
  readonly routerId: Address | undefined;
  readonly sourceAddress: Address | undefined;
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
  /** Names of the pools that it is for, its selectors resolved. */
  readonly pools: ReadonlySet<string>;
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
  readonly peers: readonly string[];
}
