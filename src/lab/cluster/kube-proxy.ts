import type { HostProcess } from "../host-process.ts";
import { controlPlaneProgram } from "../control-plane/programs.ts";
import type { Lab } from "../lab.ts";

export interface KubeProxyOptions {
  readonly kubeconfig: string;
  readonly podNetwork: string;
}

/** Starts Kubernetes' own proxy on a node, in its nftables mode. */
export async function startKubeProxy(lab: Lab, node: string, options: KubeProxyOptions): Promise<HostProcess> {
  const argv = [
    controlPlaneProgram("kube-proxy"),
    "--proxy-mode=nftables",
    `--kubeconfig=${options.kubeconfig}`,
    `--hostname-override=${node}`,
    `--cluster-cidr=${options.podNetwork}`,
    // The limit is the machine's, and no namespace may write it.
    "--conntrack-max-per-core=0",
  ];
  return lab.run(node, { name: "kube-proxy", argv });
}
