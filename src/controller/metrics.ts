import { Counter, Gauge, type Registry } from "prom-client";
import type { ConfigurationState } from "../snapshot/index.ts";
import type { PoolUsage } from "./pool-usage.ts";

/** What the controller counts, under the names that MetalLB's users have on their dashboards. */
export type ControllerMetrics = ReturnType<typeof controllerMetrics>;

export function controllerMetrics(registry: Registry) {
  const registers = [registry];
  const perPool = (name: string, help: string) => new Gauge({ name, help, labelNames: ["pool"], registers });
  const prefix = "metallb_allocator";
  const total = perPool(`${prefix}_addresses_total`, "Addresses of a pool that may be given");
  const inUse = perPool(`${prefix}_addresses_in_use_total`, "Addresses of a pool that are given");
  const total4 = perPool(`${prefix}_ipv4_addresses_total`, "IPv4 addresses of a pool that may be given");
  const inUse4 = perPool(`${prefix}_ipv4_addresses_in_use_total`, "IPv4 addresses of a pool that are given");
  const total6 = perPool(`${prefix}_ipv6_addresses_total`, "IPv6 addresses of a pool that may be given");
  const inUse6 = perPool(`${prefix}_ipv6_addresses_in_use_total`, "IPv6 addresses of a pool that are given");
  const loaded = new Gauge({
    name: "metallb_k8s_client_config_loaded_bool",
    help: "1 once a valid configuration was read",
    registers,
  });
  const stale = new Gauge({
    name: "metallb_k8s_client_config_stale_bool",
    help: "1 while what is written is wrong and the last good configuration is in force",
    registers,
  });
  return {
    updates: new Counter({ name: "metallb_k8s_client_updates_total", help: "Service statuses written", registers }),
    updateErrors: new Counter({
      name: "metallb_k8s_client_update_errors_total",
      help: "Writes to the API server that failed",
      registers,
    }),
    configuration({ configuration, problems }: ConfigurationState): void {
      loaded.set(configuration === undefined ? 0 : 1);
      stale.set(problems.length === 0 ? 0 : 1);
    },
    usage(usage: ReadonlyMap<string, PoolUsage>): void {
      for (const gauge of [total, inUse, total4, inUse4, total6, inUse6]) gauge.reset();
      for (const [pool, each] of usage) {
        const size4 = each.assignedIPv4 + each.availableIPv4;
        const size6 = each.assignedIPv6 + each.availableIPv6;
        total.set({ pool }, size4 + size6);
        inUse.set({ pool }, each.assignedIPv4 + each.assignedIPv6);
        total4.set({ pool }, size4);
        inUse4.set({ pool }, each.assignedIPv4);
        total6.set({ pool }, size6);
        inUse6.set({ pool }, each.assignedIPv6);
      }
    },
  };
}
