import {
  keyOf,
  serviceNameLabel,
  type EndpointSlice,
  type Namespace,
  type Node,
  type Service,
} from "../kubernetes/resources/index.ts";
import type { AllocationDecision } from "./allocation/allocation-decision.ts";
import { AllocationPlanner } from "./allocation/allocation-planner.ts";
import type { Holding } from "./allocation/holdings.ts";
import { AnnouncementPlanner } from "./announcement/announcement-planner.ts";
import { planFor, type NodePlan } from "./announcement/node-slice.ts";
import type { ServiceAnnouncement } from "./announcement/service-announcement.ts";
import type { Configuration } from "./configuration/configuration.ts";
import type { AnnouncementReason } from "./reason.ts";

/** Everything that the decision reads. Nothing else does: no clock, no chance, no I/O. */
export interface Snapshot {
  readonly configuration: Configuration | undefined;
  readonly namespaces: Iterable<Namespace>;
  readonly nodes: Iterable<Node>;
  readonly services: Iterable<Service>;
  readonly endpointSlices: Iterable<EndpointSlice>;
  /** Memory: who holds which address, by the API and by what was issued and is not refused. */
  readonly held: Iterable<Holding>;
  /** The `spec.loadBalancerClass` that is ours; undefined for Services without a class. */
  readonly loadBalancerClass?: string | undefined;
}

/** The whole decision: each Service's addresses, and what each node announces to whom. */
export interface Plan {
  readonly allocations: ReadonlyMap<string, AllocationDecision>;
  readonly releases: readonly Holding[];
  readonly announcements: ReadonlyMap<string, ServiceAnnouncement>;
  planFor(node: string): NodePlan | undefined;
  explain(service: string, node: string): readonly AnnouncementReason[];
}

/** Decides once, purely, from scratch. What changes little by little is decided by the two planners themselves. */
export function plan(snapshot: Snapshot): Plan {
  const { loadBalancerClass } = snapshot;
  const allocation = new AllocationPlanner({ loadBalancerClass });
  const announcement = new AnnouncementPlanner({ loadBalancerClass });
  for (const [service, slices] of slicesByService(snapshot.endpointSlices)) announcement.setEndpoints(service, slices);
  for (const namespace of snapshot.namespaces) allocation.setNamespace(namespace);
  for (const node of snapshot.nodes) announcement.setNode(node);
  for (const service of snapshot.services) {
    allocation.setService(service);
    announcement.setService(service);
  }
  allocation.setHeld(snapshot.held);
  allocation.setConfiguration(snapshot.configuration);
  announcement.setConfiguration(snapshot.configuration);
  const { releases } = allocation.settle();
  return {
    allocations: new Map([...allocation.decisions()].map((decision) => [decision.service, decision])),
    releases,
    announcements: new Map([...announcement.announcements()].map((each) => [each.service, each])),
    planFor: (node) => {
      const view = announcement.view(node);
      return view && planFor(view, announcement.announcements());
    },
    explain: (service, node) => announcement.explain(service, node),
  };
}

/** Endpoint slices by the `namespace/name` of the Service that they name in their label. */
export function slicesByService(slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = serviceOf(slice);
    if (key === undefined) continue;
    const list = byService.get(key);
    if (list === undefined) byService.set(key, [slice]);
    else list.push(slice);
  }
  return byService;
}

export function serviceOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : keyOf({ metadata: { name, namespace: slice.metadata.namespace } });
}
