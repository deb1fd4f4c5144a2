import type { Kind } from "../resources/index.ts";
import { invalidValue } from "./admission/causes.ts";
import type { Strategy } from "./admission/strategy.ts";
import { sameJson, stringAt, type JsonObject } from "./json.ts";
import { uidOf, type ApiObject, type Metadata } from "./object.ts";
import { badRequest, conflict, invalid, modified } from "./status.ts";

/** What of metadata belongs to the server; a client's values are not looked at. */
export const serverOwned = [
  "managedFields",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
];

interface Replacement {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly replaces: boolean;
}

/** Throws unless `given` is a version of the object that the path names, and of no other state than it was made from. */
export function checkIdentity(
  { kind, name, namespace, replaces }: Replacement,
  given: ApiObject,
  old: ApiObject,
  strategy: Strategy,
) {
  const { metadata } = given;
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  const itsNamespace = stringAt(metadata, "namespace") ?? namespace;
  if (kind.namespaced && itsNamespace !== namespace) {
    throw badRequest(
      `the namespace of the object (${itsNamespace}) does not match the namespace on the URL (${namespace})`,
    );
  }
  const uid = stringAt(metadata, "uid") ?? "";
  if (uid !== "" && uid !== uidOf(old)) {
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${uidOf(old)}`);
  }
  const version = stringAt(metadata, "resourceVersion") ?? "";
  if (version === "" && replaces && strategy.conditionalUpdate) {
    throw invalid(kind, name, [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  if (version !== "" && version !== old.metadata["resourceVersion"]) throw modified(kind, name);
}

/** An update of the object itself: the status, where it has its own door, stays as it was. */
export function withSpecOf(kind: Kind, given: ApiObject, old: ApiObject): ApiObject {
  const object: ApiObject = { ...given, metadata: withServerOwned(given.metadata, old.metadata) };
  if (!kind.statusSubresource) return object;
  delete object["status"];
  if (old["status"] !== undefined) object["status"] = old["status"];
  return object;
}

/** An update of the status alone; of a built-in kind also labels and annotations, as in Kubernetes. */
export function withStatusOf(kind: Kind, given: ApiObject, old: ApiObject): ApiObject {
  const metadata = kind.custom ? { ...old.metadata } : withServerOwned(given.metadata, old.metadata);
  const { status: _, ...rest } = old;
  return { ...rest, metadata, ...(given["status"] === undefined ? {} : { status: given["status"] }) };
}

function withServerOwned(given: Metadata, old: Metadata): Metadata {
  const metadata: Metadata = { ...without(given, ["selfLink"]), name: old.name };
  for (const key of [...serverOwned, "resourceVersion", "namespace"]) {
    const value = old[key];
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
  return metadata;
}

/** Whether a user wants something else now: anything but metadata and, where it has its own door, the status. */
export function wantsChanged(kind: Kind, object: ApiObject, old: ApiObject): boolean {
  const left = kind.statusSubresource ? ["metadata", "status"] : ["metadata"];
  return !sameJson(without(object, left), without(old, left));
}

export function without<Value extends JsonObject>(object: Value, keys: readonly string[]): Value {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as Value;
}
