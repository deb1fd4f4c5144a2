import * as z from "zod";
import { keyOf, parseObject, type KubernetesObject } from "../kubernetes/resources/index.ts";
import { describe, type ConfigurationReason, type ConfigurationSource } from "../plan/index.ts";
import { judge, judgedKinds, type Change } from "./judge.ts";

const apiVersion = "admission.k8s.io/v1";

const admissionReview = z.object({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("AdmissionReview"),
  request: z.object({
    uid: z.string().min(1).max(200),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
    namespace: z.string().optional(),
    name: z.string().optional(),
    operation: z.enum(["CREATE", "UPDATE", "DELETE", "CONNECT"]),
    object: z.unknown(),
  }),
});

/** What the API server asks (kubernetes.io: "Dynamic Admission Control", AdmissionReview v1). */
export type AdmissionRequest = z.infer<typeof admissionReview>["request"];

/** The question in a body; undefined where there is none. */
export function admissionRequest(body: string): AdmissionRequest | undefined {
  try {
    return admissionReview.safeParse(JSON.parse(body)).data?.request;
  } catch {
    return undefined; // no JSON
  }
}

/** The answer: yes, or no with the sentences of what is wrong. */
export function admissionAnswer({ uid }: AdmissionRequest, complaints: readonly string[]): object {
  const no = { allowed: false, status: { code: 422, reason: "Invalid", message: complaints.join("; ") } };
  return {
    apiVersion,
    kind: "AdmissionReview",
    response: { uid, ...(complaints.length === 0 ? { allowed: true } : no) },
  };
}

/** What speaks against a request, in sentences. `written` is called only where something has to be compared. */
export async function review(
  request: AdmissionRequest,
  written: () => Promise<ConfigurationSource>,
): Promise<readonly string[]> {
  const change = changeOf(request);
  if (change === undefined) return [];
  const problems = "problems" in change ? change.problems : judge(await written(), change);
  return problems.map(describe);
}

function changeOf(request: AdmissionRequest): Change | { readonly problems: ConfigurationReason[] } | undefined {
  const kind = judgedKinds.get(request.kind.kind);
  if (kind === undefined || request.kind.group !== kind.group || request.kind.version !== kind.version)
    return undefined;
  const { name = "", namespace, operation } = request;
  if (operation === "DELETE") {
    return { operation: "delete", object: { kind: kind.kind, metadata: { name, ...(namespace && { namespace }) } } };
  }
  if (operation === "CONNECT") return undefined;
  const parsed = parseObject<KubernetesObject>(kind, request.object);
  if (!parsed.ok) {
    const object = `${kind.kind} ${keyOf({ metadata: { name, namespace } })}`;
    const problems = parsed.problems.map(({ field, value, expected }): ConfigurationReason => {
      return { code: "configuration.field", object, field, value: shown(field, value), expected };
    });
    return { problems };
  }
  // On its way out: what is written to it now is that it may go.
  if (parsed.object.metadata.deletionTimestamp !== undefined) return undefined;
  return { operation: "put", object: parsed.object };
}

/** As the configuration's own complaints do, which never show a password. */
function shown(field: string, value: unknown): string {
  if (/password/i.test(field)) return "(set)";
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 200);
}
