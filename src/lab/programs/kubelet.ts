// The kubelet of one of the lab's nodes, run in that node's namespace.
//   kubelet --lab ID --node NAME --kubeconfig FILE --heartbeat-ms MS [--image FOLDER] [--programs FILE]
import { parseArgs } from "node:util";
import { Client, loadKubeconfig } from "../../kubernetes/client/index.ts";
import { Kubelet } from "../cluster/kubelet.ts";
import { readPrograms } from "../cluster/pod-programs.ts";
import { PodRuntime } from "../cluster/pod-runtime.ts";
import { openImage } from "../image/container-image.ts";
import { Lab } from "../lab.ts";
import { addressOn } from "../topology.ts";
import { untilAsked, warn } from "./process-life.ts";

const { values } = parseArgs({
  options: {
    lab: { type: "string" },
    node: { type: "string" },
    kubeconfig: { type: "string" },
    "heartbeat-ms": { type: "string" },
    image: { type: "string" },
    programs: { type: "string" },
  },
});
await untilAsked(async (signal) => {
  const lab = await Lab.open(values.lab ?? "");
  const host = lab.host(values.node ?? "");
  const image = values.image === undefined ? undefined : await openImage(values.image);
  const access = await loadKubeconfig({ path: values.kubeconfig, env: process.env });
  const client = new Client(access, { fieldManager: "kubelet" });
  const programs = values.programs === undefined ? undefined : await readPrograms(values.programs);
  const sources = { image, programs: programs && { byImage: programs, access: client } };
  await Kubelet.run(
    { client, runtime: new PodRuntime(lab.id, host, sources) },
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
