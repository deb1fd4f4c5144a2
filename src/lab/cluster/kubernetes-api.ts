import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rbacManifests, serviceAccounts } from "../../kubernetes/rbac/index.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { componentUser, kubeletUser } from "../control-plane/credentials.ts";
import type { Lab } from "../lab.ts";
import type { ClusterApi } from "./cluster-api.ts";

/** Starts Kubernetes' own control plane on the lab's host `api`. Each process has a user of its own, and just its rights. */
export async function startKubernetesApi(
  lab: Lab,
  options: { readonly serviceNetwork: string; readonly signal?: AbortSignal | undefined },
): Promise<ClusterApi> {
  const [address = ""] = lab.host("api").interfaces.map((each) => each.address.split("/")[0] ?? "");
  const plane = await ControlPlane.start(
    { run: (spec) => lab.run("api", spec), exec: (argv, how) => lab.exec("api", argv, how) },
    { ...options, folder: lab.folder, address },
  );
  const granted = new Map<string, Promise<unknown>>();
  return {
    kubeconfig: plane.kubeconfig,
    controlPlane: plane,
    heartbeatMs: 2_000,
    // kube-controller-manager waits 50 s, and looks every 5 s.
    deathKnownWithinMs: 120_000,
    kubeletKubeconfig: (node) => plane.certificateKubeconfig(kubeletUser(node)),
    fairleadKubeconfig: async (process, namespace) => {
      const grant = granted.get(namespace) ?? grantRights(plane, join(lab.folder, "rbac.json"), namespace);
      granted.set(namespace, grant);
      await grant;
      return plane.serviceAccountKubeconfig(namespace, serviceAccounts[process]);
    },
    proxyKubeconfig: () => plane.certificateKubeconfig(componentUser("kube-proxy")),
  };
}

async function grantRights(plane: ControlPlane, file: string, namespace: string): Promise<void> {
  // One after the other, and not as a List: to check one of these, kubectl asks for the server's whole schema in its old
  // form, which a slow server does not make in the minute that it gives itself.
  await writeFile(
    file,
    rbacManifests(namespace)
      .map((each) => JSON.stringify(each))
      .join("\n"),
  );
  await plane.kubectl(["apply", "-f", file]);
}
