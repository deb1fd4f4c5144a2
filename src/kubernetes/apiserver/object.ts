import type { Kind } from "../resources/index.ts";
import { isObject, objectAt, type Json, type JsonObject, objectsAt, stringAt, stringsAt } from "./json.ts";

/** An object of any kind, as it is stored and sent: more fields than our schemas know may be in it. */
export interface ApiObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Metadata extends JsonObject {
  name: string;
}

/** Parses the text of a stored object, which was an `ApiObject` when it was written. */
export function parseStored(text: string): ApiObject {
  return JSON.parse(text) as ApiObject;
}

export function namespaceOf(object: ApiObject): string {
  return stringAt(object.metadata, "namespace") ?? "";
}

export function uidOf(object: ApiObject): string {
  return stringAt(object.metadata, "uid") ?? "";
}

export function isTerminating(object: ApiObject): boolean {
  return stringAt(object.metadata, "deletionTimestamp") !== undefined;
}

export function finalizersOf(object: ApiObject): string[] {
  return stringsAt(object.metadata, "finalizers");
}

/** Who must let go of an object before it can vanish; a namespace names some in its spec too. */
export function holdersOf(object: ApiObject): string[] {
  const more = object.kind === "Namespace" ? stringsAt(objectAt(object, "spec"), "finalizers") : [];
  return [...finalizersOf(object), ...more];
}

export function ownersOf(object: ApiObject): JsonObject[] {
  return objectsAt(object.metadata, "ownerReferences");
}

export function labelsOf(object: JsonObject): JsonObject {
  return objectAt(objectAt(object, "metadata"), "labels");
}

/** The nested object at `key`, made if there is none, so that fields can be set in it. */
export function ensureObject(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (isObject(value)) return value;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** Sets a field that has no value yet. */
export function setDefault(parent: JsonObject, key: string, value: Json): void {
  if (parent[key] === undefined) parent[key] = value;
}

/** `read` dotted path of plain names: `spec.nodeName`. */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = object;
  for (const step of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

export function resourceKey(kind: Pick<Kind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** Kubernetes writes times to the second. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
