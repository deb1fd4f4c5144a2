import type { Registry } from "prom-client";
import { bfdMetrics } from "./bfd-metrics.ts";
import { bgpMetrics } from "./bgp-metrics.ts";

/** What an agent counts, under the names and labels that MetalLB's users have on their dashboards. */
export type NodeMetrics = ReturnType<typeof nodeMetrics>;

export function nodeMetrics(registry: Registry) {
  const bgp = bgpMetrics(registry);
  const bfd = bfdMetrics(registry, bgp.read);
  return { sessions: bgp.from, paths: bfd.from };
}
