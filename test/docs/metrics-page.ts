import { Registry } from "prom-client";
import { controllerMetrics } from "../../src/controller/index.ts";
import { nodeMetrics } from "../../src/node/index.ts";
import { code, table, type Page } from "./markdown.ts";

/** Every metric that the processes register. */
export function metricsPage(): Page {
  return {
    title: "Metrics",
    body: [
      "Both processes serve them at `/metrics` on port 7472, where MetalLB's users have them; `--port` names another. On the same port `/healthz` answers `ok` while the process runs, and `/readyz` from when it does its work, which for an agent is when it announces all that there is. `/readyz?pod=UID` does so for the process of that pod alone.",
      "## `fairlead controller`",
      tableOf(controllerMetrics),
      "## `fairlead node`",
      tableOf(nodeMetrics),
      "## Both",
      "Beside these, both have the metrics of a Node.js process that the library prom-client gives: `process_cpu_seconds_total`, `process_resident_memory_bytes`, `nodejs_eventloop_lag_seconds` and their kin.",
    ],
  };
}

function tableOf(register: (registry: Registry) => unknown): string {
  const registry = new Registry();
  register(registry);
  const rows = registry
    .getMetricsAsArray()
    .map((metric) => [code(metric.name), labelsOf(metric).map(code).join(", "), metric.help]);
  return table(["metric", "labels", "what it says"], rows);
}

/** The library keeps the names of labels on its metrics, and leaves them out of their type. */
function labelsOf(metric: object): readonly string[] {
  const names: unknown = Reflect.get(metric, "labelNames");
  return Array.isArray(names) ? names.map(String) : [];
}
