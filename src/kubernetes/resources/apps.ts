import * as z from "zod";
import { podSpec, typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";
import { labelSelector } from "./label-selector.ts";

// Not in `kinds`: the embedded API server has none of these, for nothing of Fairlead makes them.

/** `spec.affinity` of a pod, whole, for it is written back; typed as far as nodes are required. */
const affinity = z.looseObject({
  nodeAffinity: z
    .looseObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .looseObject({
          nodeSelectorTerms: z.array(
            z.looseObject({
              matchExpressions: z
                .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
                .optional(),
            }),
          ),
        })
        .optional(),
    })
    .optional(),
});
export type Affinity = z.infer<typeof affinity>;

const template = z.object({ spec: podSpec.extend({ affinity: affinity.optional() }) });

export const Deployment = defineKind(
  { group: "apps", version: "v1", kind: "Deployment", statusSubresource: true, description: "A number of like pods." },
  z.object({
    ...typeMeta("apps/v1", "Deployment"),
    spec: z.object({ replicas: z.int().default(1), selector: labelSelector, template }),
    status: z.object({ readyReplicas: z.int().optional() }).optional(),
  }),
);
export type Deployment = ObjectOf<typeof Deployment>;

export const DaemonSet = defineKind(
  { group: "apps", version: "v1", kind: "DaemonSet", statusSubresource: true, description: "A pod on each node." },
  z.object({
    ...typeMeta("apps/v1", "DaemonSet"),
    spec: z.object({
      selector: labelSelector,
      template,
      updateStrategy: z.object({ type: z.string().default("RollingUpdate") }).default({ type: "RollingUpdate" }),
    }),
    status: z.object({ observedGeneration: z.int().optional() }).optional(),
  }),
);
export type DaemonSet = ObjectOf<typeof DaemonSet>;

export const ControllerRevision = defineKind(
  { group: "apps", version: "v1", kind: "ControllerRevision", description: "What a DaemonSet's pods were made from." },
  z.object({ ...typeMeta("apps/v1", "ControllerRevision"), revision: z.int() }),
);
export type ControllerRevision = ObjectOf<typeof ControllerRevision>;
