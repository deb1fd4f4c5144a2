import * as z from "zod";
import { typeMeta } from "./core.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

/** What the webhook's registration, Secret, Service and roles are called. */
export const webhookName = "fairlead-webhook";

/** As much of it as is kept by us. Not in `kinds`: the embedded API server asks no webhooks. */
export const ValidatingWebhookConfiguration = defineKind(
  {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "ValidatingWebhookConfiguration",
    namespaced: false,
    description: "Whom the API server asks before it takes an object.",
  },
  z.object({
    ...typeMeta("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    webhooks: z
      .array(
        z.object({
          name: z.string(),
          clientConfig: z.object({
            caBundle: z.string().optional(),
            service: z.object({ namespace: z.string(), name: z.string() }).optional(),
          }),
          failurePolicy: z.string().optional(),
        }),
      )
      .optional(),
  }),
);
export type ValidatingWebhookConfiguration = ObjectOf<typeof ValidatingWebhookConfiguration>;
