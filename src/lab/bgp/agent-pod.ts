import type { Pod } from "../../kubernetes/resources/index.ts";
import { agentCapabilities } from "../commands.ts";

export interface AgentPodOptions {
  readonly name: string;
  readonly node: string;
  readonly namespace: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The one that Fairlead takes by default. */
const metricsPort = 7472;

/** The names that a node's agents have in turn: the second is for one that succeeds the first, or the other way round. */
export function agentPodNames(node: string): readonly [string, string] {
  return [`fairlead-node-${node}`, `fairlead-node-${node}-successor`];
}

/**
 * The agent of a node as the chart's DaemonSet has it. It is called a mirror of a pod that its kubelet has from a file:
 * there may be nobody here who makes pods of DaemonSets, and a node is drained of those of nobody.
 */
export function agentPod({ name: podName, node, namespace, image, args, env }: AgentPodOptions): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: podName, namespace, annotations: { "kubernetes.io/config.mirror": "fairlead" } },
    spec: {
      nodeName: node,
      hostNetwork: true,
      terminationGracePeriodSeconds: 15,
      tolerations: [{ operator: "Exists" }],
      containers: [
        {
          name: "node",
          image,
          args: [...args],
          env: [
            ...Object.entries(env).map(([name, value]) => ({ name, value })),
            { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
          ],
          ports: [{ containerPort: metricsPort, protocol: "TCP" }],
          startupProbe: { exec: { command: ["/usr/bin/fairlead", "ready", `--port=${metricsPort}`] } },
          readinessProbe: { httpGet: { path: "/healthz", port: metricsPort } },
          securityContext: { capabilities: { add: [...agentCapabilities] } },
        },
      ],
    },
  };
}
