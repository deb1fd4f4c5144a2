export { AllocationPlanner, type AllocationOptions, type Settled } from "./allocation/allocation-planner.ts";
export type { AllocationDecision } from "./allocation/allocation-decision.ts";
export { assignedAddresses } from "./allocation/address-request.ts";
export {
  blockFirstAddress,
  blockNameOf,
  ownershipIn,
  ownershipLine,
  ownershipsIn,
} from "./allocation/address-blocks.ts";
export type { Ownership } from "./allocation/address-blocks.ts";
export type { Holding } from "./allocation/holdings.ts";
export { AnnouncementPlanner, type AnnouncementOptions } from "./announcement/announcement-planner.ts";
export {
  NodeSlice,
  planFor,
  type NodePlan,
  type PlannedRoute,
  type RouteChange,
  type SessionPlan,
} from "./announcement/node-slice.ts";
export type { NodeView } from "./announcement/node-view.ts";
export type { ServiceAnnouncement } from "./announcement/service-announcement.ts";
export type {
  Advertisement,
  Community,
  Configuration,
  Peer,
  PeerReach,
  PeerSecrets,
} from "./configuration/configuration.ts";
export { avoidedIn, poolHolds, type Pool } from "./configuration/pool.ts";
export { readConfiguration, type ConfigurationSource, type ReadConfiguration } from "./configuration/read.ts";
export { placeOf } from "./configuration/shared-peer-addresses.ts";
export { wellKnownCommunities } from "./configuration/communities.ts";
export { plan, serviceOf, type Plan, type Snapshot } from "./plan.ts";
export { describe } from "./reason-text.ts";
export type {
  AllocationReason,
  AnnouncementReason,
  ConfigurationReason,
  EndpointReason,
  ObjectReason,
  Reason,
  RolloutReason,
} from "./reason.ts";
export { decideRollout, type RolloutNode, type RolloutState } from "./rollout/decide.ts";
export { missingEvidence, type RouteCount, type SessionSight } from "./rollout/evidence.ts";
export { inForce, type Trial } from "./rollout/in-force.ts";
export { isNodeChanged } from "./rollout/node-change.ts";
export { refusedChanges } from "./rollout/refused-changes.ts";
export { restoredObjects, writtenConfiguration, type WrittenConfiguration } from "./rollout/written.ts";
