import * as z from "zod";
import { defineKind, type ObjectOf } from "./kind.ts";
import { condition, objectMeta, objectReference } from "./metadata.ts";

const typeMeta = <A extends string, K extends string>(apiVersion: A, kind: K) => ({
  apiVersion: z.literal(apiVersion).default(apiVersion as never),
  kind: z.literal(kind).default(kind as never),
  metadata: objectMeta,
});
export { typeMeta };

/** A port by number or by name; written `x-kubernetes-int-or-string` in a CRD. */
export const intOrString = z.union([z.int(), z.string()]).meta({ "x-kubernetes-int-or-string": true });

const protocol = z.enum(["TCP", "UDP", "SCTP"]);
const port = z.int().min(1).max(65_535);

export const Namespace = defineKind(
  {
    version: "v1",
    kind: "Namespace",
    shortNames: ["ns"],
    namespaced: false,
    statusSubresource: true,
    description: "A scope for names.",
  },
  z.object({
    ...typeMeta("v1", "Namespace"),
    status: z.object({ phase: z.string().optional() }).optional(),
  }),
);
export type Namespace = ObjectOf<typeof Namespace>;

export const Node = defineKind(
  {
    version: "v1",
    kind: "Node",
    shortNames: ["no"],
    namespaced: false,
    statusSubresource: true,
    description: "A machine of the cluster.",
  },
  z.object({
    ...typeMeta("v1", "Node"),
    spec: z
      .object({
        podCIDR: z.string().optional(),
        podCIDRs: z.array(z.string()).optional(),
        unschedulable: z.boolean().optional(),
        taints: z.array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() })).optional(),
      })
      .default({}),
    status: z
      .object({
        addresses: z.array(z.object({ type: z.string(), address: z.string() })).optional(),
        conditions: z.array(condition.extend({ lastHeartbeatTime: z.string().optional() })).optional(),
        nodeInfo: z.object({ bootID: z.string().optional() }).optional(),
      })
      .optional(),
  }),
);
export type Node = ObjectOf<typeof Node>;

const container = z.object({
  name: z.string(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z.object({ fieldRef: z.object({ fieldPath: z.string() }).optional() }).optional(),
      }),
    )
    .optional(),
  ports: z
    .array(z.object({ name: z.string().optional(), containerPort: port, protocol: protocol.default("TCP") }))
    .optional(),
  startupProbe: z.object({ exec: z.object({ command: z.array(z.string()) }).optional() }).optional(),
  readinessProbe: z
    .object({
      httpGet: z.object({ host: z.string().optional(), path: z.string().optional(), port: intOrString }).optional(),
    })
    .optional(),
  securityContext: z.object({ capabilities: z.object({ add: z.array(z.string()).optional() }).optional() }).optional(),
});

export const podSpec = z.object({
  nodeName: z.string().optional(),
  hostNetwork: z.boolean().optional(),
  serviceAccountName: z.string().optional(),
  containers: z.array(container),
  terminationGracePeriodSeconds: z.int().optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  tolerations: z
    .array(
      z.object({
        key: z.string().optional(),
        operator: z.string().optional(),
        value: z.string().optional(),
        effect: z.string().optional(),
      }),
    )
    .optional(),
});

export const Pod = defineKind(
  {
    version: "v1",
    kind: "Pod",
    shortNames: ["po"],
    categories: ["all"],
    statusSubresource: true,
    description: "Containers that share a network.",
  },
  z.object({
    ...typeMeta("v1", "Pod"),
    spec: podSpec,
    status: z
      .object({
        phase: z.string().optional(),
        podIP: z.string().optional(),
        podIPs: z.array(z.object({ ip: z.string() })).optional(),
        hostIP: z.string().optional(),
        startTime: z.string().optional(),
        conditions: z.array(condition).optional(),
        containerStatuses: z
          .array(
            z.object({
              name: z.string(),
              image: z.string().optional(),
              imageID: z.string().optional(),
              ready: z.boolean().default(false),
              started: z.boolean().optional(),
              restartCount: z.int().default(0),
              state: z.object({ running: z.object({ startedAt: z.string().optional() }).optional() }).optional(),
            }),
          )
          .optional(),
      })
      .optional(),
  }),
);
export type Pod = ObjectOf<typeof Pod>;

const servicePort = z.object({
  name: z.string().optional(),
  protocol: protocol.default("TCP"),
  port,
  targetPort: intOrString.optional(),
  nodePort: z.int().min(0).max(65_535).optional(),
  appProtocol: z.string().optional(),
});

const ingress = z.object({
  ip: z.string().optional(),
  hostname: z.string().optional(),
  ipMode: z.enum(["VIP", "Proxy"]).optional(),
});

export const Service = defineKind(
  {
    version: "v1",
    kind: "Service",
    shortNames: ["svc"],
    categories: ["all"],
    statusSubresource: true,
    description: "An address for a set of pods.",
  },
  z.object({
    ...typeMeta("v1", "Service"),
    spec: z.object({
      type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).default("ClusterIP"),
      selector: z.record(z.string(), z.string()).optional(),
      ports: z.array(servicePort).optional(),
      clusterIP: z.string().optional(),
      clusterIPs: z.array(z.string()).optional(),
      ipFamilies: z.array(z.enum(["IPv4", "IPv6"])).optional(),
      ipFamilyPolicy: z.enum(["SingleStack", "PreferDualStack", "RequireDualStack"]).optional(),
      externalIPs: z.array(z.string()).optional(),
      externalName: z.string().optional(),
      externalTrafficPolicy: z.enum(["Cluster", "Local"]).optional(),
      internalTrafficPolicy: z.enum(["Cluster", "Local"]).optional(),
      healthCheckNodePort: z.int().optional(),
      publishNotReadyAddresses: z.boolean().optional(),
      sessionAffinity: z.enum(["None", "ClientIP"]).default("None"),
      sessionAffinityConfig: z
        .object({ clientIP: z.object({ timeoutSeconds: z.int().min(1).max(86_400).default(10_800) }).optional() })
        .optional(),
      loadBalancerIP: z.string().optional(),
      loadBalancerClass: z.string().optional(),
      loadBalancerSourceRanges: z.array(z.string()).optional(),
      allocateLoadBalancerNodePorts: z.boolean().optional(),
      trafficDistribution: z.string().optional(),
    }),
    status: z
      .object({
        loadBalancer: z.object({ ingress: z.array(ingress).optional() }).optional(),
        conditions: z.array(condition).optional(),
      })
      .optional(),
  }),
);
export type Service = ObjectOf<typeof Service>;

export const ConfigMap = defineKind(
  { version: "v1", kind: "ConfigMap", shortNames: ["cm"], description: "Configuration as keys and texts." },
  z.object({ ...typeMeta("v1", "ConfigMap"), data: z.record(z.string(), z.string()).optional() }),
);
export type ConfigMap = ObjectOf<typeof ConfigMap>;

export const Secret = defineKind(
  { version: "v1", kind: "Secret", description: "Keys and passwords, in base64." },
  z.object({
    ...typeMeta("v1", "Secret"),
    type: z.string().optional(),
    data: z.record(z.string(), z.string()).optional(),
  }),
);
export type Secret = ObjectOf<typeof Secret>;

export const ServiceAccount = defineKind(
  { version: "v1", kind: "ServiceAccount", shortNames: ["sa"], description: "Whom a process is, to the API server." },
  z.object(typeMeta("v1", "ServiceAccount")),
);
export type ServiceAccount = ObjectOf<typeof ServiceAccount>;

export const Event = defineKind(
  { version: "v1", kind: "Event", shortNames: ["ev"], description: "Something that happened to an object." },
  z.object({
    ...typeMeta("v1", "Event"),
    involvedObject: objectReference,
    type: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    source: z.object({ component: z.string().optional(), host: z.string().optional() }).optional(),
    reportingComponent: z.string().optional(),
    reportingInstance: z.string().optional(),
    count: z.int().optional(),
    firstTimestamp: z.string().nullish(),
    lastTimestamp: z.string().nullish(),
    eventTime: z.string().nullish(),
  }),
);
export type Event = ObjectOf<typeof Event>;
