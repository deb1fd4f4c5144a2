import * as z from "zod";
import type { Client } from "../../kubernetes/client/index.ts";
import { ServiceAccount, type Pod } from "../../kubernetes/resources/index.ts";

/** Longer than any lab runs. */
const expirationSeconds = 24 * 3600;

const answer = z.object({ status: z.object({ token: z.string() }) });

/** A token for a pod's service account, asked for by its kubelet, as the Node authorizer lets it; it ends with the pod. */
export async function serviceAccountToken(client: Client, pod: Pod, signal: AbortSignal): Promise<string> {
  const { name, namespace, uid } = pod.metadata;
  const at = { namespace, name: pod.spec.serviceAccountName ?? "default" };
  const body = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds, boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } },
  };
  return answer.parse(await client.post(ServiceAccount, at, "token", body, { signal })).status.token;
}
