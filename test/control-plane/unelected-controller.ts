// A controller that believes that it leads, whoever does.
//   unelected-controller.ts KUBECONFIG
import { pino } from "pino";
import { Registry } from "prom-client";
import { controllerMetrics, nothingReserved, runController } from "../../src/controller/index.ts";
import { Client, loadKubeconfig } from "../../src/kubernetes/client/index.ts";

const client = new Client(await loadKubeconfig({ path: process.argv[2], env: process.env }));
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const modules = {
  client,
  events: { record: () => undefined },
  metrics: controllerMetrics(new Registry()),
  log: pino({ base: null }),
  reserved: nothingReserved(),
};
await runController(modules, { namespace: "metallb-system" }, stop.signal);
