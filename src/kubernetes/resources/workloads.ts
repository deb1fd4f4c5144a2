import * as z from "zod";
import { podSpec, typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { labelSelector } from "./label-selector.ts";
import { objectMeta, objectReference } from "./metadata.ts";

export const ReplicaSet = defineKind(
  {
    group: "apps",
    version: "v1",
    kind: "ReplicaSet",
    shortNames: ["rs"],
    categories: ["all"],
    statusSubresource: true,
    description: "A number of like pods.",
  },
  z.object({
    ...typeMeta("apps/v1", "ReplicaSet"),
    spec: z.object({
      replicas: z.int().min(0).default(1),
      selector: labelSelector,
      template: z.object({ metadata: objectMeta.partial().optional(), spec: podSpec }),
    }),
    status: z
      .object({
        replicas: z.int().optional(),
        readyReplicas: z.int().optional(),
        availableReplicas: z.int().optional(),
      })
      .optional(),
  }),
);
export type ReplicaSet = ObjectOf<typeof ReplicaSet>;

const endpoint = z.object({
  addresses: z.array(z.string()),
  conditions: z
    .object({ ready: z.boolean().optional(), serving: z.boolean().optional(), terminating: z.boolean().optional() })
    .default({}),
  nodeName: z.string().optional(),
  targetRef: objectReference.optional(),
});

export const EndpointSlice = defineKind(
  {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    description: "Some of the endpoints of a Service.",
  },
  z.object({
    ...typeMeta("discovery.k8s.io/v1", "EndpointSlice"),
    addressType: z.enum(["IPv4", "IPv6", "FQDN"]),
    endpoints: z.array(endpoint).nullish(),
    ports: z
      .array(
        z.object({
          name: z.string().nullish(),
          protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
          port: z.int().nullish(),
          appProtocol: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
);
export type EndpointSlice = ObjectOf<typeof EndpointSlice>;

/** The label by which an endpoint slice names its Service. */
export const serviceNameLabel = "kubernetes.io/service-name";

export const Lease = defineKind(
  { group: "coordination.k8s.io", version: "v1", kind: "Lease", description: "Who holds a role, and until when." },
  z.object({
    ...typeMeta("coordination.k8s.io/v1", "Lease"),
    spec: z
      .object({
        holderIdentity: z.string().nullish(),
        leaseDurationSeconds: z.int().nullish(),
        acquireTime: z.string().nullish(),
        renewTime: z.string().nullish(),
        leaseTransitions: z.int().nullish(),
      })
      .optional(),
  }),
);
export type Lease = ObjectOf<typeof Lease>;
