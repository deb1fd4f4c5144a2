export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Deeper than any object of Kubernetes; recursion over a value that passed `assertSafe` cannot exhaust the stack. */
const maxDepth = 64;

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The object at `key`, or an empty one; what it returns may not be part of `parent`. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** The list of objects at `key`; entries that are no objects are left out. */
export function objectsAt(parent: JsonObject, key: string): JsonObject[] {
  const value = parent[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function stringAt(parent: JsonObject, key: string): string | undefined {
  const value = parent[key];
  return typeof value === "string" ? value : undefined;
}

export function stringsAt(parent: JsonObject, key: string): string[] {
  const value = parent[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

export function numberAt(parent: JsonObject, key: string): number | undefined {
  const value = parent[key];
  return typeof value === "number" ? value : undefined;
}

/** Equal as JSON: the order of keys does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => sameJson(each, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** What is wrong with the shape of a value from outside: too deep, or a key that would reach a prototype. */
export function unsafeShape(value: unknown, depth = 0): string | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (depth > maxDepth) return `exceeded max depth of ${maxDepth}`;
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return 'a field may not be named "__proto__"';
    const problem = unsafeShape((value as Record<string, unknown>)[key], depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Fields that are null, left out: what a null means in an object of Kubernetes that is not a patch. */
export function withoutNulls(value: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    if (each !== null) kept[key] = nullsDropped(each);
  }
  return kept;
}

function nullsDropped(value: Json): Json {
  if (Array.isArray(value)) return value.map(nullsDropped);
  return isObject(value) ? withoutNulls(value) : value;
}

/** A scalar as people write it, anything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
