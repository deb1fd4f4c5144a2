/**
 * Why something was decided, as data. The codes are the product's vocabulary: `explain` prints them as sentences,
 * and events, conditions and metrics carry them as they are.
 */
export type Reason = AllocationReason | AnnouncementReason | EndpointReason | ConfigurationReason | RolloutReason;

/** Why a Service has the addresses it has, or none. */
export type AllocationReason =
  | { readonly code: "allocation.none.type"; readonly type: string }
  | { readonly code: "allocation.none.class"; readonly class: string }
  | { readonly code: "allocation.none.clusterIP" }
  | { readonly code: "allocation.invalid"; readonly field: string; readonly value: string; readonly expected: string }
  | { readonly code: "allocation.kept"; readonly address: string; readonly pool: string; readonly first: HoldingCause }
  | { readonly code: "allocation.kept.unconfigured"; readonly address: string }
  | { readonly code: "allocation.adopted"; readonly address: string; readonly pool: string }
  | { readonly code: "allocation.requested"; readonly address: string; readonly pool: string }
  | { readonly code: "allocation.firstFree"; readonly address: string; readonly pool: string; readonly why: PoolChoice }
  | { readonly code: "allocation.shared"; readonly address: string; readonly pool: string; readonly with: string }
  | { readonly code: "allocation.avoided.buggy"; readonly pool: string }
  | { readonly code: "allocation.revoked"; readonly address: string; readonly why: RevocationCause }
  | { readonly code: "pool.skipped.manual"; readonly pool: string }
  | { readonly code: "pool.skipped.service"; readonly pool: string }
  | { readonly code: "pool.skipped.family"; readonly pool: string; readonly family: 4 | 6 }
  | { readonly code: "pool.full"; readonly pool: string; readonly family: 4 | 6 }
  | { readonly code: "pool.unknown"; readonly pool: string }
  | { readonly code: "address.outsidePools"; readonly address: string }
  | { readonly code: "address.taken"; readonly address: string; readonly by: string; readonly why: SharingObstacle }
  | { readonly code: "allocation.waiting" };

/** How a Service came by an address; written beside its ownership, so that it can be told later. */
export type HoldingCause = PoolChoice | "requested" | "shared" | "adopted" | "reserved";
export type PoolChoice = "annotation" | "serviceAllocation" | "autoAssign";
export type SharingObstacle = "noKey" | "otherKey" | "portClash" | "otherBackends" | "unknownOwner" | "reserved";
export type RevocationCause =
  | "outsidePools"
  | "otherRequested"
  | "otherPool"
  | "poolNotForService"
  | "family"
  | "sharing";

/** Why a node announces an address to a peer, or does not. */
export type AnnouncementReason =
  | { readonly code: "service.noAddress" }
  | { readonly code: "service.noEndpoints" }
  | { readonly code: "address.outsidePools"; readonly address: string }
  | { readonly code: "address.notAdvertised"; readonly address: string; readonly pool: string }
  | { readonly code: "advertisement.excluded.service"; readonly advertisement: string }
  | { readonly code: "node.announces"; readonly advertisement: string; readonly peer: string; readonly prefix: string }
  | { readonly code: "node.leaving" }
  | { readonly code: "node.excluded.label"; readonly label: string }
  | { readonly code: "node.excluded.networkUnavailable" }
  | { readonly code: "node.excluded.noLocalEndpoint" }
  | { readonly code: "node.excluded.advertisement"; readonly advertisement: string }
  | { readonly code: "peer.excluded.node"; readonly peer: string }
  | { readonly code: "peer.excluded.advertisement"; readonly peer: string; readonly advertisement: string };

/** Why a change is not in force although nothing is wrong with it by itself: a node tried it, and took it back. */
export type RolloutReason = RefusedChange &
  (
    | { readonly code: "rollout.sessionLost"; readonly state: string; readonly lastError?: string | undefined }
    | { readonly code: "rollout.routesLost"; readonly announced: number; readonly expected: number }
  );

/** What is to be said on an object of the configuration. */
export type ObjectReason = ConfigurationReason | RolloutReason;

interface RefusedChange {
  /** `BGPPeer metallb-system/l3-switch` */
  readonly object: string;
  readonly field: string;
  readonly before: string;
  readonly value: string;
  /** Who tried it, and what it lost by it. */
  readonly node: string;
  readonly peer: string;
}

/** Why an endpoint is left out by nodes, though Kubernetes calls it ready. */
export interface EndpointReason {
  readonly code: "endpoint.leftOut.nodeSilent";
  readonly node: string;
  /** The nodes whose agents say so, and leave it out. */
  readonly by: readonly string[];
}

/** What is wrong with the configuration, on which object. */
export interface ConfigurationReason {
  readonly code: `configuration.${ConfigurationFault}`;
  /** `IPAddressPool metallb-system/default` */
  readonly object: string;
  readonly field: string;
  readonly value: string;
  readonly expected: string;
}

export type ConfigurationFault =
  | "field"
  | "range"
  | "overlap"
  | "holdsPeer"
  | "holdsNode"
  | "holdsGateway"
  | "unknownPool"
  | "unknownPeer"
  | "unknownProfile"
  | "aggregation"
  | "community"
  | "secret"
  | "both";
