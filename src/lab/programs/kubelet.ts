// The kubelet of one of the lab's nodes, run in that node's namespace.
//   kubelet --lab ID --node NAME --kubeconfig FILE --heartbeat-ms MS
import { parseArgs } from "node:util";
import { Client, loadKubeconfig } from "../../kubernetes/client/index.ts";
import { Kubelet } from "../cluster/kubelet.ts";
import { PodRuntime } from "../cluster/pod-runtime.ts";
import { Lab } from "../lab.ts";
import { addressOn } from "../topology.ts";
import { untilAsked, warn } from "./process-life.ts";

const { values } = parseArgs({
  options: {
    lab: { type: "string" },
    node: { type: "string" },
    kubeconfig: { type: "string" },
    "heartbeat-ms": { type: "string" },
  },
});
await untilAsked(async (signal) => {
  const lab = await Lab.open(values.lab ?? "");
  const host = lab.host(values.node ?? "");
  const access = await loadKubeconfig({ path: values.kubeconfig, env: process.env });
  await Kubelet.run(
    { client: new Client(access, { fieldManager: "kubelet" }), runtime: new PodRuntime(lab.id, host) },
    {
      nodeName: host.name,
      address: addressOn(host, "data"),
      podCidr: host.podCidr ?? "",
      heartbeatMs: Number(values["heartbeat-ms"]),
      onFailure: warn,
    },
    signal,
  );
});
