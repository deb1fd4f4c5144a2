import type { EndpointSlice } from "../../kubernetes/resources/index.ts";

/** What announcing needs to know of a Service's endpoints. */
export interface EndpointSummary {
  /** Whether any endpoint takes connections: ready, or serving while it terminates. */
  readonly anyServing: boolean;
  /** The nodes with a ready endpoint. */
  readonly readyNodes: ReadonlySet<string>;
}

/** Conditions that are not said count as true, as EndpointSlice's documentation has it. */
export function summarizeEndpoints(slices: Iterable<EndpointSlice>): EndpointSummary {
  let anyServing = false;
  const readyNodes = new Set<string>();
  for (const slice of slices) {
    for (const { conditions, nodeName } of slice.endpoints ?? []) {
      const ready = conditions.ready ?? true;
      anyServing ||= ready || (conditions.serving ?? false);
      if (ready && nodeName !== undefined) readyNodes.add(nodeName);
    }
  }
  return { anyServing, readyNodes };
}
