import type {
  AllocationReason,
  AnnouncementReason,
  ConfigurationReason,
  EndpointReason,
  Reason,
  RolloutReason,
} from "./reason.ts";

/** A reason as one sentence for people, without its full stop. */
export function describe(reason: Reason): string {
  if (reason.code.startsWith("configuration.")) return describeConfiguration(reason as ConfigurationReason);
  if (reason.code.startsWith("rollout.")) return describeRefusal(reason as RolloutReason);
  return describeDecision(reason as AllocationReason | AnnouncementReason | EndpointReason);
}

function describeRefusal(reason: RolloutReason): string {
  const { object, field, before, value, node, peer } = reason;
  const change = value === "new" ? `${object} is new` : `${object}: ${field}: ${value} instead of ${before}`;
  const tried = `${change}: node ${node} tried it and took it back`;
  if (reason.code === "rollout.routesLost") {
    return `${tried}: of ${reason.expected} routes only ${reason.announced} were announced to ${peer}`;
  }
  const last = reason.lastError === undefined ? "" : `; it last said: ${reason.lastError}`;
  return `${tried}: its session with ${peer} was lost and is ${reason.state}${last}`;
}

function describeConfiguration({ object, field, value, expected }: ConfigurationReason): string {
  return `${object}: ${field}: ${value}: ${expected}`;
}

function describeDecision(reason: AllocationReason | AnnouncementReason | EndpointReason): string {
  switch (reason.code) {
    case "allocation.none.type":
      return `it is of type ${reason.type}, and only LoadBalancer Services get addresses`;
    case "allocation.none.class":
      return `its loadBalancerClass ${reason.class} is somebody else's`;
    case "allocation.none.clusterIP":
      return "it has no cluster IP yet, which tells the address family";
    case "allocation.invalid":
      return `${reason.field}: ${reason.value}: ${reason.expected}`;
    case "allocation.kept":
      return `${reason.address} of pool ${reason.pool} is its own already, and stays; ${holdingCauses[reason.first]}`;
    case "allocation.kept.unconfigured":
      return `${reason.address} stays while there is no valid pool to compare it with`;
    case "allocation.adopted":
      return `${reason.address} of pool ${reason.pool} was in its status already`;
    case "allocation.requested":
      return `${reason.address} of pool ${reason.pool} is what it asks for`;
    case "allocation.firstFree":
      return `${reason.address} is the first free address of pool ${reason.pool}, ${poolChoices[reason.why]}`;
    case "allocation.shared":
      return `${reason.address} of pool ${reason.pool} is shared with ${reason.with}`;
    case "allocation.avoided.buggy":
      return `pool ${reason.pool} leaves out addresses that end in .0 and .255`;
    case "allocation.revoked":
      return `${reason.address} cannot stay: ${revocations[reason.why]}`;
    case "pool.skipped.manual":
      return `pool ${reason.pool} serves only Services that ask for it (autoAssign: false)`;
    case "pool.skipped.service":
      return `pool ${reason.pool} is kept for other Services (serviceAllocation)`;
    case "pool.skipped.family":
      return `pool ${reason.pool} has no IPv${reason.family} addresses`;
    case "pool.full":
      return `pool ${reason.pool} has no free IPv${reason.family} address`;
    case "pool.unknown":
      return `there is no pool ${reason.pool}`;
    case "address.outsidePools":
      return `${reason.address} is in no pool`;
    case "address.taken":
      return `${reason.address} belongs to ${reason.by}: ${obstacles[reason.why]}`;
    case "allocation.waiting":
      return "it waits until an address is free";
    case "service.noAddress":
      return "it has no address yet";
    case "service.noEndpoints":
      return "no endpoint is ready";
    case "address.notAdvertised":
      return `no BGPAdvertisement is for pool ${reason.pool}, which ${reason.address} is of`;
    case "advertisement.excluded.service":
      return `advertisement ${reason.advertisement} selects other Services`;
    case "node.announces":
      return `${reason.prefix} to ${reason.peer}, by advertisement ${reason.advertisement}`;
    case "node.leaving":
      return "the node is cordoned: routers are asked to prefer other nodes (graceful shutdown, RFC 8326)";
    case "node.excluded.label":
      return `the node is labelled ${reason.label}`;
    case "node.excluded.networkUnavailable":
      return "the node's network is unavailable";
    case "node.excluded.noLocalEndpoint":
      return "externalTrafficPolicy is Local and no endpoint on this node is ready";
    case "node.excluded.advertisement":
      return `advertisement ${reason.advertisement} selects other nodes`;
    case "peer.excluded.node":
      return `peer ${reason.peer} is for other nodes`;
    case "peer.excluded.advertisement":
      return `advertisement ${reason.advertisement} is not for peer ${reason.peer}`;
    case "endpoint.leftOut.nodeSilent":
      return `left out by ${reason.by.join(", ")}, to which ${reason.node} does not answer any more`;
  }
}

const holdingCauses = {
  annotation: "it was the first free address of the pool that it asks for",
  serviceAllocation: "it was the first free address of the pool that is kept for it",
  autoAssign: "it was the first free address of a pool that serves any Service",
  requested: "it was asked for",
  shared: "it may be shared",
  adopted: "it was in the Service's status before",
  reserved: "it was reserved for the next Service",
} as const;

const poolChoices = {
  annotation: "which it asks for",
  serviceAllocation: "which is kept for it (serviceAllocation)",
  autoAssign: "which serves any Service",
} as const;

const obstacles = {
  noKey: "neither or only one of them allows sharing (metallb.io/allow-shared-ip)",
  otherKey: "their sharing keys differ",
  portClash: "both use the same port",
  otherBackends: "with externalTrafficPolicy Local both must select the same pods",
  unknownOwner: "it is not released yet",
  reserved: "a controller that led before has reserved it for its next Service; it is free within some minutes",
} as const;

const revocations = {
  outsidePools: "it is in no pool any more",
  otherRequested: "another address is asked for",
  otherPool: "another pool is asked for",
  poolNotForService: "its pool is kept for other Services now",
  family: "the Service's address families changed",
  sharing: "it can no longer be shared with the Service that had it first",
} as const;
