import { fairlead, kubectlPath, type BgpCluster } from "../lab/index.ts";

/** How to look around in a lab that was left running. */
export function renderTour({ lab, kubeconfig, switch: frr, nodes }: BgpCluster): string {
  const on = (host: string) => `ip netns exec ${lab.namespace(host)}`;
  return `Lab ${lab.id} is up. Look around:

  kubectl     ${on("api")} ${kubectlPath()} --kubeconfig ${kubeconfig} get nodes,pods,services -o wide
  the switch  ${on("switch")} ${frr.vtysh.join(" ")}
  the client  ${on("client")} curl 172.19.100.1
  why         ${on("api")} ${fairlead("explain", "service", "default/ng-svc", "--kubeconfig", kubeconfig).join(" ")}
  a shell     ${on(nodes[0] ?? "")} bash      (any of ${lab.topology.hosts.map((host) => host.name).join(", ")})
  the logs    ls ${lab.folder}/*/*.log

Take it away:  ${fairlead("lab", "down", lab.id).join(" ")}
`;
}
