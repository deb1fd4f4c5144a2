import type { ControlPlane } from "../control-plane/control-plane.ts";

/** The API server of a lab's cluster with all that works on it, as the rest of the lab needs it. */
export interface ClusterApi {
  /** The administrator's. */
  readonly kubeconfig: string;
  /** How often kubelets are to say that their nodes live. */
  readonly heartbeatMs: number;
  /** Within which a node that has fallen silent is known to be dead, generously. */
  readonly deathKnownWithinMs: number;
  kubeletKubeconfig(node: string): Promise<string>;
  /** For a process of Fairlead, whose configuration is in `namespace`. */
  fairleadKubeconfig(process: "controller" | "node", namespace: string): Promise<string>;
  proxyKubeconfig(): Promise<string>;
  /** Where it is Kubernetes' own. */
  readonly controlPlane?: ControlPlane;
}

export type ApiChoice = "embedded" | "kubernetes";

/** Fairlead's own, or Kubernetes' in its nftables or its IPVS mode. */
export type ProxyChoice = "fairlead" | "kube-proxy" | "kube-proxy-ipvs";
