import type { EndpointReason } from "../plan/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";

/** Nodes that others find silent, each with who says so. */
export function silentNodes({ reports }: WholeSnapshot): ReadonlyMap<string, EndpointReason> {
  const by = new Map<string, string[]>();
  for (const [reporter, { status }] of reports) {
    for (const { node } of status?.nodeDetection?.dead ?? []) by.set(node, [...(by.get(node) ?? []), reporter]);
  }
  return new Map(
    [...by]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([node, reporters]) => [node, { code: "endpoint.leftOut.nodeSilent", node, by: reporters.sort() }]),
  );
}
