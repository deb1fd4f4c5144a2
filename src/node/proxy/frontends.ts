import {
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  prefixContains,
  type Prefix,
} from "../../net/index.ts";
import { keyOf, type EndpointSlice, type Service } from "../../kubernetes/resources/index.ts";
import type { ServiceHealth } from "./health-checks.ts";
import { backendsOf, type Backend, type Backends, type NodesSeen, type PortOfService } from "./backends.ts";

/** What becomes of a packet for a frontend. */
export type Target =
  | {
      readonly kind: "backends";
      /** Whether the backends are those of the whole cluster or of this node. */
      readonly policy: "Cluster" | "Local";
      readonly backends: readonly Backend[];
    }
  /** Answered with a TCP reset or an ICMP port unreachable: there is nothing anywhere that could serve it. */
  | { readonly kind: "reject" }
  /** Left unanswered: it could be served, but not through this node. */
  | { readonly kind: "drop" };

/** Whose address the node puts its own in place of, so that the answer comes back through it. */
export type Masquerade = "everyone" | "outsiders" | "nobody";

/** One address, protocol and port under which this node takes packets for a service, and where they go. */
export interface Frontend {
  /** As a key of our maps, `10.233.0.10 . 6 . 80`. */
  readonly key: string;
  readonly family: 4 | 6;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** The service and its port; client affinity is kept for all frontends of one together. */
  readonly port: string;
  /** Two services may claim one address and port (externalIPs are anybody's): the smallest claim, the oldest, wins. */
  readonly claim: string;
  readonly target: Target;
  readonly masquerade: Masquerade;
  /** For clients inside the cluster (pods, and this node itself), where that is another target. */
  readonly inside: { readonly target: Target; readonly masquerade: Masquerade } | undefined;
  /** The prefixes that may call at all; undefined where all may. */
  readonly allowed: readonly string[] | undefined;
  /** How long a client stays with its backend after its last packet; undefined without client affinity. */
  readonly affinitySeconds: number | undefined;
  readonly serving: ReadonlySet<Backend>;
  readonly onThisNode: ReadonlySet<Backend>;
}

/** What a node knows beside the service and its slices. */
export interface ProxyContext extends NodesSeen {
  /** Where this node answers for node ports. */
  readonly nodeAddresses: readonly string[];
}

const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const;
const defaultAffinitySeconds = 10_800;

/** All frontends of a service on a node. Pure: the same input gives the same output. */
export function frontendsOf(
  service: Service,
  slices: readonly EndpointSlice[],
  context: ProxyContext,
): readonly Frontend[] {
  const { spec } = service;
  if (spec.type === "ExternalName" || clusterAddresses(service).length === 0) return [];
  return (spec.ports ?? []).flatMap((port) =>
    ([4, 6] as const).flatMap((family) => {
      const doors = doorsOf(service, port.port, port.nodePort ?? 0, context).filter((door) => door.family === family);
      if (doors.length === 0) return [];
      const wanted = { family, name: port.name ?? "", protocol: port.protocol };
      const backends = backendsOf(service, slices, wanted, context);
      return doors.map((door) => frontendOf(service, wanted, door, backends));
    }),
  );
}

/**
 * What a load balancer's health check of this node is told; undefined for services that have none. An endpoint behind
 * several ports or families is counted once.
 */
export function healthOf(
  service: Service,
  slices: readonly EndpointSlice[],
  context: ProxyContext,
): ServiceHealth | undefined {
  const { spec, metadata } = service;
  const port = spec.healthCheckNodePort ?? 0;
  if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local" || port === 0) return undefined;
  const families = new Set(clusterAddresses(service).map(({ family }) => family));
  const counts = (spec.ports ?? []).flatMap(({ name = "", protocol }) =>
    [...families].map((family) => {
      const backends = backendsOf(service, slices, { family, name, protocol }, context);
      return backends.localReady;
    }),
  );
  return { namespace: metadata.namespace ?? "", name: metadata.name, port, localEndpoints: Math.max(0, ...counts) };
}

interface Door {
  readonly kind: "cluster" | "balancer" | "external" | "node";
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
}

function doorsOf(service: Service, port: number, nodePort: number, context: ProxyContext): readonly Door[] {
  const { spec, status } = service;
  const balanced = spec.type === "LoadBalancer" ? (status?.loadBalancer?.ingress ?? []) : [];
  // Behind an ingress of mode Proxy the balancer hands packets on to the nodes itself (KEP-1860).
  const virtual = balanced.flatMap((each) => (each.ip === undefined || each.ipMode === "Proxy" ? [] : [each.ip]));
  return [
    ...clusterAddresses(service).map((each) => ({ kind: "cluster" as const, ...each, port })),
    ...known(virtual).map((each) => ({ kind: "balancer" as const, ...each, port })),
    ...known(spec.externalIPs ?? []).map((each) => ({ kind: "external" as const, ...each, port })),
    ...(nodePort === 0 || spec.type === "ClusterIP"
      ? []
      : known(context.nodeAddresses).map((each) => ({ kind: "node" as const, ...each, port: nodePort }))),
  ];
}

/** None for a headless service: its `clusterIP` is the word None. */
function clusterAddresses({ spec }: Service): readonly Pick<Door, "family" | "address">[] {
  return known(spec.clusterIPs ?? [spec.clusterIP ?? ""]);
}

function known(texts: readonly string[]): readonly Pick<Door, "family" | "address">[] {
  return texts.flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [{ family: address.family, address: formatAddress(address) }];
  });
}

function frontendOf(service: Service, port: PortOfService, door: Door, backends: Backends): Frontend {
  const { spec } = service;
  const policy = (door.kind === "cluster" ? spec.internalTrafficPolicy : spec.externalTrafficPolicy) ?? "Cluster";
  const anywhere = backends.cluster.length > 0;
  const target: Target = !anywhere
    ? { kind: "reject" }
    : policy === "Cluster"
      ? { kind: "backends", policy, backends: backends.cluster }
      : backends.local.length > 0
        ? { kind: "backends", policy, backends: backends.local }
        : { kind: "drop" };
  return {
    key: `${door.address} . ${protocolNumbers[port.protocol]} . ${door.port}`,
    family: door.family,
    protocol: port.protocol,
    port: `${keyOf(service)} ${port.name} ${port.protocol}`,
    claim: `${service.metadata.creationTimestamp ?? ""} ${keyOf(service)}`,
    target,
    ...ways(door, policy, backends, anywhere),
    allowed: door.kind === "balancer" ? allowedPrefixes(spec.loadBalancerSourceRanges, door.family) : undefined,
    affinitySeconds:
      spec.sessionAffinity === "ClientIP"
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
        : undefined,
    serving: backends.serving,
    onThisNode: backends.onThisNode,
  };
}

/**
 * From outside to a Cluster policy, the backend may be on another node: the answer must come back through this one.
 * To a Local policy it is here, and the client's address is kept; only clients inside the cluster, who have no load
 * balancer that knows where the backends are, reach all of them.
 */
function ways(
  door: Door,
  policy: "Cluster" | "Local",
  backends: Backends,
  anywhere: boolean,
): Pick<Frontend, "masquerade" | "inside"> {
  if (door.kind === "cluster") return { masquerade: "outsiders", inside: undefined };
  if (policy === "Cluster") return { masquerade: "everyone", inside: undefined };
  if (!anywhere) return { masquerade: "nobody", inside: undefined };
  return {
    masquerade: "nobody",
    inside: {
      target: { kind: "backends", policy: "Cluster", backends: backends.cluster },
      // A pod's packet for a virtual address is caught on the pod's own node; for a node's address it may come from
      // another node, past which the backend would answer.
      masquerade: door.kind === "node" ? "everyone" : "outsiders",
    },
  };
}

/**
 * Source ranges that name no prefix of this family admit nobody of it: whoever wrote them meant to restrict. Only
 * ranges without any content restrict nothing.
 */
function allowedPrefixes(ranges: readonly string[] | undefined, family: 4 | 6): readonly string[] | undefined {
  const written = (ranges ?? []).map((range) => range.trim()).filter((range) => range !== "");
  if (written.length === 0) return undefined;
  const prefixes = written
    .flatMap((range) => parsePrefix(range) ?? [])
    .filter(({ address }) => address.family === family);
  return outermost(prefixes).map(formatPrefix).sort();
}

/** nftables takes no prefix that lies in another. */
function outermost(prefixes: readonly Prefix[]): readonly Prefix[] {
  const kept: Prefix[] = [];
  for (const prefix of prefixes.toSorted((a, b) => a.length - b.length)) {
    if (!kept.some((other) => prefixContains(other, prefix.address))) kept.push(prefix);
  }
  return kept;
}
