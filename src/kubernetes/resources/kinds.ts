import { ConfigMap, Event, Namespace, Node, Pod, Secret, Service, ServiceAccount } from "./core.ts";
import { AddressBlock, NodeReport, Rollout } from "./fairlead.ts";
import type { Kind } from "./kind.ts";
import { BFDProfile, BGPAdvertisement, BGPPeer, Community, IPAddressPool } from "./metallb.ts";
import { EndpointSlice, Lease, ReplicaSet } from "./workloads.ts";

/** Every kind that Fairlead knows, built into Kubernetes or its own. */
export const kinds: readonly Kind[] = [
  Namespace,
  Node,
  Pod,
  Service,
  ConfigMap,
  Secret,
  ServiceAccount,
  Event,
  ReplicaSet,
  EndpointSlice,
  Lease,
  IPAddressPool,
  BFDProfile,
  BGPPeer,
  BGPAdvertisement,
  Community,
  AddressBlock,
  NodeReport,
  Rollout,
];
