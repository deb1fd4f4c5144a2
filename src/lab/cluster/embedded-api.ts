import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../lab.ts";
import { programArgv } from "../program.ts";
import { until } from "../until.ts";
import type { ClusterApi } from "./cluster-api.ts";
import { startControllers } from "./cluster-processes.ts";

/** How soon the lab's nodes are called dead: sooner than Kubernetes does, for a story should be short. */
const heartbeatMs = 500;
const nodeGraceMs = 2_500;

/** Starts the embedded API server on the lab's host `api`, and the lab's own controllers; all are its administrator. */
export async function startEmbeddedApi(
  lab: Lab,
  options: { readonly serviceNetwork: string; readonly signal?: AbortSignal | undefined },
): Promise<ClusterApi> {
  const kubeconfig = join(lab.folder, "kubeconfig");
  const [address = ""] = lab.host("api").interfaces.map((each) => each.address.split("/")[0] ?? "");
  const process = await lab.run("api", {
    name: "api-server",
    argv: programArgv("api-server", {
      database: join(lab.folder, "api.sqlite"),
      host: address,
      port: "6443",
      "service-network": options.serviceNetwork,
      kubeconfig,
    }),
  });
  await until(
    "the API server answers",
    async () => {
      if (process.running) return existsSync(kubeconfig);
      throw new Error(`the API server ended as it started: ${await readFile(process.logFile, "utf8")}`);
    },
    { signal: options.signal },
  );
  await startControllers(lab, "api", { kubeconfig, nodeGraceMs });
  const same = () => Promise.resolve(kubeconfig);
  return {
    kubeconfig,
    heartbeatMs,
    deathKnownWithinMs: 30_000,
    kubeletKubeconfig: same,
    fairleadKubeconfig: same,
    proxyKubeconfig: same,
  };
}
