import { formatAddress, parseAddress } from "../../net/index.ts";
import type { EndpointSlice, Service } from "../../kubernetes/resources/index.ts";

/** One address and port that answers for a service, as nftables writes it: `10.233.93.2 . 8080`. */
export type Backend = string;

/** Which endpoints of one port of a service packets may go to, as seen from one node. All lists are sorted. */
export interface Backends {
  /** For the traffic policy Cluster. */
  readonly cluster: readonly Backend[];
  /** For the traffic policy Local: those of `cluster`'s kind that are on this node. */
  readonly local: readonly Backend[];
  /** All that still serve, also those to which nothing new is sent: their running flows are left alone. */
  readonly serving: ReadonlySet<Backend>;
  /** Those on this node, which may turn out to be clients of their own service. */
  readonly onThisNode: ReadonlySet<Backend>;
  /** How many on this node are ready: what a load balancer's health check is told (terminating ones do not count). */
  readonly localReady: number;
}

export interface PortOfService {
  readonly family: 4 | 6;
  readonly name: string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

interface Candidate {
  readonly local: boolean;
  readonly ready: boolean;
  /** Serving and terminating: the second choice, for when nothing is ready (KEP-1669). */
  readonly fallback: boolean;
  readonly serving: boolean;
  /** On a node that is reported dead: the last choice of all. */
  readonly reported: boolean;
}

/** What a node holds of the others. */
export interface NodesSeen {
  readonly nodeName: string;
  /** By the word of Kubernetes: what runs there is gone. */
  readonly deadNodes: ReadonlySet<string>;
  /** By what nodes see of each other, which comes sooner, and may be wrong. */
  readonly reportedDead: ReadonlySet<string>;
}

/**
 * Sorts a service's endpoints as kube-proxy does: those that are ready; if there are none, those that still serve while
 * they terminate, decided for the whole cluster and for this node each on its own (KEP-1669, KEP-2086). Endpoints on
 * dead nodes are left out, whatever their slices still say; this node is alive, or it would not ask. A report alone
 * never takes the last endpoint away.
 */
export function backendsOf(
  service: Service,
  slices: Iterable<EndpointSlice>,
  port: PortOfService,
  { nodeName, deadNodes, reportedDead }: NodesSeen,
): Backends {
  const candidates = new Map<Backend, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== `IPv${port.family}`) continue;
    const number = slice.ports?.find(
      (each) => (each.name ?? "") === port.name && each.protocol === port.protocol,
    )?.port;
    if (typeof number !== "number") continue;
    for (const endpoint of slice.endpoints ?? []) {
      const elsewhere = endpoint.nodeName === nodeName ? undefined : endpoint.nodeName;
      if (elsewhere !== undefined && deadNodes.has(elsewhere)) continue;
      // Addresses beyond the first are not for proxies: consumers use the first (EndpointSlice, `addresses`).
      const address = parseAddress(endpoint.addresses[0] ?? "");
      if (address?.family !== port.family) continue;
      const backend = `${formatAddress(address)} . ${number}`;
      const reported = elsewhere !== undefined && reportedDead.has(elsewhere);
      const candidate = { ...candidateOf(service, endpoint, nodeName), reported };
      // While a slice is split or merged an endpoint may be in two of them: the better word counts.
      if (candidates.get(backend)?.ready !== true) candidates.set(backend, candidate);
    }
  }
  const sorted = [...candidates].sort(([a], [b]) => (a < b ? -1 : 1));
  const alive = sorted.filter(([, candidate]) => !candidate.reported);
  const chosen = (from: typeof sorted) => {
    const ready = from.filter(([, candidate]) => candidate.ready);
    return (ready.length > 0 ? ready : from.filter(([, candidate]) => candidate.fallback)).map(([backend]) => backend);
  };
  const all = chosen(alive).length > 0 ? alive : sorted;
  const local = all.filter(([, candidate]) => candidate.local);
  return {
    cluster: chosen(all),
    local: chosen(local),
    serving: new Set(all.flatMap(([backend, candidate]) => (candidate.serving ? [backend] : []))),
    onThisNode: new Set(local.map(([backend]) => backend)),
    localReady: local.filter(([, candidate]) => candidate.ready).length,
  };
}

type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];

/** An absent `ready` is true, an absent `serving` is as `ready`, an absent `terminating` is false (EndpointConditions). */
function candidateOf(service: Service, endpoint: Endpoint, nodeName: string): Omit<Candidate, "reported"> {
  const { conditions } = endpoint;
  // The slices' controller says ready for all of such a service; slices made by others may not, but the field's
  // documentation tells every agent to disregard readiness.
  const ready = service.spec.publishNotReadyAddresses === true || (conditions.ready ?? true);
  const serving = ready || (conditions.serving ?? false);
  return {
    local: endpoint.nodeName === nodeName,
    ready,
    serving,
    fallback: serving && (conditions.terminating ?? false),
  };
}
