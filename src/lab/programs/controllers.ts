// The lab's small controllers and its scheduler, where no kube-controller-manager and kube-scheduler run.
//   controllers --kubeconfig FILE --node-grace-ms MS
import { parseArgs } from "node:util";
import { Client, loadKubeconfig } from "../../kubernetes/client/index.ts";
import { runControllers } from "../cluster/controllers.ts";
import { untilAsked, warn } from "./process-life.ts";

const { values } = parseArgs({ options: { kubeconfig: { type: "string" }, "node-grace-ms": { type: "string" } } });
await untilAsked(async (signal) => {
  const access = await loadKubeconfig({ path: values.kubeconfig, env: process.env });
  const options = { nodeGraceMs: Number(values["node-grace-ms"]), onFailure: warn };
  await runControllers(new Client(access, { fieldManager: "lab-controllers" }), options, signal);
});
