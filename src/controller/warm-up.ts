import type { Logger } from "pino";
import { Registry } from "prom-client";
import { drive, SimulatedCluster, type Until } from "../warm-up/index.ts";
import { nothingReserved } from "./addresses/index.ts";
import { runController } from "./controller.ts";
import { controllerMetrics } from "./metrics.ts";

/** Gives addresses to Services of a simulated cluster, so that the real ones that come first find compiled code. */
export async function warmUpController(log: Logger, signal: AbortSignal): Promise<void> {
  await using cluster = await SimulatedCluster.start();
  const modules = {
    client: cluster.client,
    events: { record: () => {} },
    metrics: controllerMetrics(new Registry()),
    log: log.child({}, { level: "silent" }),
    reserved: nothingReserved(),
  };
  const options = { namespace: cluster.namespace, gather: { firstMs: 1, mostMs: 1 } };
  const giveAddresses = async (until: Until) => {
    for (const service of cluster.services()) {
      service.create();
      await until(() => service.isAssigned);
      service.delete();
    }
  };
  await drive((stop) => runController(modules, options, stop), giveAddresses, signal);
}
