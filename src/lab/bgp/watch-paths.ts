import type { KubernetesObject } from "../../kubernetes/resources/index.ts";
import type { BfdTimes } from "../frr-switch.ts";
import type { BgpCluster } from "./bgp-cluster.ts";

/** The BGPPeer of the scenario's resources names a BFDProfile with the switch's own times. */
export async function watchPaths(
  cluster: BgpCluster,
  { intervalMs, multiplier }: BfdTimes,
  signal: AbortSignal,
): Promise<void> {
  const spec = { transmitInterval: intervalMs, receiveInterval: intervalMs, detectMultiplier: multiplier };
  await cluster.applyObject({
    apiVersion: "metallb.io/v1beta1",
    kind: "BFDProfile",
    metadata: { namespace: "metallb-system", name: "lab" },
    spec,
  } as KubernetesObject);
  const patch = JSON.stringify({ spec: { bfdProfile: "lab" } });
  const peer = ["bgppeer", "l3-switch", "-n", "metallb-system"];
  await cluster.kubectl(["patch", ...peer, "--type=merge", "-p", patch], signal);
}
