import type { Deleter } from "./deleter.ts";
import { deleteOptionsOf } from "./deleter.ts";
import { isObject, numberAt, objectAt, stringAt, type JsonObject } from "./json.ts";
import { parseObjectBody } from "./body.ts";
import { ensureObject, parseStored, timestamp, uidOf, type ApiObject } from "./object.ts";
import type { Reader } from "./reader.ts";
import type { ApiRequest, ApiResponse, Target } from "./request.ts";
import type { ServiceAccountIdentity } from "./service-account-token.ts";
import { badRequest, conflict, methodNotAllowed, notFound, notImplemented, pathNotFound } from "./status.ts";
import type { Writer } from "./writer.ts";
import { writeOptionsOf } from "./write-options.ts";

export interface Subresources {
  readonly writer: Writer;
  readonly deleter: Deleter;
  readonly reader: Reader;
  readonly tokens: TokenIssuer;
}

export interface TokenIssuer {
  serviceAccountToken(account: ServiceAccountIdentity, seconds: number): string;
}

/** Those that Kubernetes has and this server has not. */
const undone: Readonly<Record<string, readonly string[]>> = {
  pods: ["log", "exec", "attach", "portforward", "proxy", "ephemeralcontainers", "resize"],
  services: ["proxy"],
  nodes: ["proxy"],
  replicasets: ["scale"],
  namespaces: ["finalize"],
};

const success = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

/** What lies below an object beside its status: a pod's eviction and binding. */
export async function handleSubresource(
  request: ApiRequest,
  target: Target,
  parts: Subresources,
): Promise<ApiResponse> {
  const { kind, namespace = "", name = "", subresource = "" } = target;
  const first = subresource.split("/")[0] ?? "";
  if (kind.plural === "pods" && (subresource === "eviction" || subresource === "binding")) {
    if (request.method !== "POST") throw methodNotAllowed();
    const body = bodyOf(request, name);
    if (subresource === "eviction") await evict(request, target, body, parts);
    else await bind(request, { kind, namespace, name }, body, parts);
    return { code: 201, contentType: "application/json", body: JSON.stringify(success) };
  }
  if (kind.plural === "serviceaccounts" && subresource === "token") {
    if (request.method !== "POST") throw methodNotAllowed();
    return tokenFor(request, target, parts);
  }
  if (undone[kind.plural]?.includes(first)) throw notImplemented(`the subresource ${kind.plural}/${first}`);
  throw pathNotFound();
}

function bodyOf(request: ApiRequest, name: string): JsonObject {
  const value = parseObjectBody(request);
  if (!isObject(value)) throw badRequest("the body of the request must be an object");
  const given = stringAt(objectAt(value, "metadata"), "name") ?? name;
  if (given !== name) throw badRequest(`name in URL does not match name in the object: ${given}`);
  return value;
}

const defaultTokenSeconds = 3_600;

/** authentication.k8s.io/v1 TokenRequest. */
function tokenFor(request: ApiRequest, target: Target, { reader, tokens }: Subresources): ApiResponse {
  const { namespace = "", name = "" } = target;
  const body = bodyOf(request, name);
  const seconds = numberAt(objectAt(body, "spec"), "expirationSeconds") ?? defaultTokenSeconds;
  const account = parseStored(reader.get(target, new URLSearchParams()));
  const token = tokens.serviceAccountToken({ namespace, name, uid: uidOf(account) }, seconds);
  const status = { token, expirationTimestamp: timestamp(Date.now() + seconds * 1_000) };
  return { code: 201, contentType: "application/json", body: JSON.stringify({ ...body, status }) };
}

/** An eviction is a deletion that a PodDisruptionBudget may refuse; there are none here. */
async function evict(
  { query }: ApiRequest,
  { kind, namespace = "", name = "" }: Target,
  body: JsonObject,
  { deleter }: Subresources,
) {
  const given = body["deleteOptions"];
  const { kind: _, ...options } = isObject(given) ? given : {};
  await deleter.delete({ kind, namespace, name }, deleteOptionsOf(query, options));
}

/** A scheduler's decision: the pod runs on that node from now on (core/v1 Binding). */
async function bind(
  request: ApiRequest,
  place: Pick<Target, "kind"> & { readonly namespace: string; readonly name: string },
  body: JsonObject,
  { writer }: Subresources,
): Promise<void> {
  const target = objectAt(body, "target");
  const node = stringAt(target, "name") ?? "";
  if ((stringAt(target, "kind") ?? "Node") !== "Node" || node === "") {
    throw badRequest("target: a pod can be bound to an object of the kind Node with a name only");
  }
  const transform = (old: ApiObject | undefined): ApiObject => {
    if (old === undefined) throw notFound(place.kind, place.name);
    const pod = structuredClone(old);
    const bound = stringAt(ensureObject(pod, "spec"), "nodeName") ?? "";
    if (bound !== "") {
      throw conflict(place.kind, place.name, `pod ${place.name} is already assigned to node ${JSON.stringify(bound)}`);
    }
    ensureObject(pod, "spec")["nodeName"] = node;
    const status = ensureObject(pod, "status");
    const conditions = Array.isArray(status["conditions"]) ? status["conditions"] : [];
    const lastTransitionTime = timestamp(Date.now());
    status["conditions"] = [
      ...conditions.filter((each) => !isObject(each) || each["type"] !== "PodScheduled"),
      { type: "PodScheduled", status: "True", lastTransitionTime },
    ];
    return pod;
  };
  await writer.update({ ...place, subresource: "binding", replaces: false, transform }, writeOptionsOf(request));
}
