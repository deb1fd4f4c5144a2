import type { EndpointSlice } from "../../kubernetes/resources/index.ts";

/** What announcing needs to know of a Service's endpoints. */
export interface EndpointSummary {
  /** Whether any endpoint takes connections: ready, or serving while it terminates. */
  readonly anyServing: boolean;
  /** The nodes with a ready endpoint, and how many each has. */
  readonly readyNodes: ReadonlyMap<string, number>;
}

/** Conditions that are not said count as true, as EndpointSlice's documentation has it. */
export function summarizeEndpoints(slices: Iterable<EndpointSlice>): EndpointSummary {
  let anyServing = false;
  // A pod with addresses of both families is in a slice of each.
  const byFamily = new Map<string, Map<string, number>>();
  for (const slice of slices) {
    const counts = byFamily.get(slice.addressType) ?? new Map<string, number>();
    byFamily.set(slice.addressType, counts);
    for (const { conditions, nodeName } of slice.endpoints ?? []) {
      const ready = conditions.ready ?? true;
      anyServing ||= ready || (conditions.serving ?? false);
      if (ready && nodeName !== undefined) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
    }
  }
  return { anyServing, readyNodes: greatest(byFamily.values()) };
}

function greatest(all: Iterable<ReadonlyMap<string, number>>): Map<string, number> {
  const most = new Map<string, number>();
  for (const counts of all) {
    for (const [node, count] of counts) most.set(node, Math.max(count, most.get(node) ?? 0));
  }
  return most;
}
