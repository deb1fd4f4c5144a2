import { isObject, sameJson, stringAt, type Json, type JsonObject } from "../json.ts";

/** What makes a JSON patch fail: a sentence that names the operation and the path. */
export class JsonPatchError extends Error {
  override readonly name = "JsonPatchError";
  readonly code = "patch.json";
}

/** More than any patch by hand; each may copy the document. Kubernetes has the same limit. */
export const maxOperations = 10_000;

/** Each copy may double a document; all together may add this much, as in Kubernetes. */
const maxCopiedBytes = 3 * 1024 * 1024;

/** Applies a JSON patch (RFC 6902) to a copy of `document`, all of it or, by throwing, nothing. */
export function jsonPatch(document: Json, operations: readonly Json[]): Json {
  let patched = structuredClone(document);
  let copiedBytes = 0;
  for (const operation of operations) {
    if (!isObject(operation)) throw new JsonPatchError("an operation must be an object");
    if (operation["op"] === "copy") {
      copiedBytes += JSON.stringify(read(patched, pathOf(operation, "from"), "copy")).length;
      if (copiedBytes > maxCopiedBytes) throw new JsonPatchError(`copies of more than ${maxCopiedBytes} bytes`);
    }
    patched = applied(patched, operation);
  }
  return patched;
}

function applied(document: Json, operation: JsonObject): Json {
  const op = stringAt(operation, "op") ?? "";
  const path = pathOf(operation, "path");
  switch (op) {
    case "add":
      return added(document, path, structuredClone(valueOf(operation)));
    case "remove":
      return removed(document, path);
    case "replace":
      if (path.length === 0) return structuredClone(valueOf(operation));
      read(document, path, op);
      return replaced(document, path, structuredClone(valueOf(operation)));
    case "move": {
      const from = pathOf(operation, "from");
      const value = read(document, from, op);
      return added(removed(document, from), path, value);
    }
    case "copy":
      return added(document, path, structuredClone(read(document, pathOf(operation, "from"), op)));
    case "test":
      if (sameJson(read(document, path, op), valueOf(operation))) return document;
      throw new JsonPatchError(`testing value ${shown(path)} failed: test failed`);
    default:
      throw new JsonPatchError(`unexpected kind of operation: ${JSON.stringify(op)}`);
  }
}

function pathOf(operation: JsonObject, key: "path" | "from"): string[] {
  const pointer = stringAt(operation, key);
  if (pointer === "") return [];
  if (pointer === undefined || !pointer.startsWith("/")) {
    throw new JsonPatchError(`${key}: ${JSON.stringify(pointer ?? null)} is no JSON pointer`);
  }
  // RFC 6901 §4: ~1 first, then ~0.
  const steps = pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps.includes("__proto__")) throw new JsonPatchError(`${key}: a field may not be named "__proto__"`);
  return steps;
}

function valueOf(operation: JsonObject): Json {
  const { value } = operation;
  if (value === undefined) throw new JsonPatchError(`an operation ${stringAt(operation, "op") ?? ""} needs a value`);
  return value;
}

function read(document: Json, path: readonly string[], op: string): Json {
  let value: Json | undefined = document;
  for (const step of path) {
    value = Array.isArray(value)
      ? value[indexIn(value, step, value.length - 1)]
      : isObject(value) && Object.hasOwn(value, step)
        ? value[step]
        : undefined;
    if (value === undefined) throw missing(op, path);
  }
  return value;
}

function added(document: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1), "add");
  if (Array.isArray(parent))
    parent.splice(last === "-" ? parent.length : indexIn(parent, last, parent.length), 0, value);
  else if (isObject(parent)) parent[last] = value;
  else throw missing("add", path);
  return document;
}

function removed(document: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  if (last === undefined) throw new JsonPatchError("the whole object cannot be removed");
  const parent = read(document, path.slice(0, -1), "remove");
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, parent.length - 1), 1);
  else if (isObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw missing("remove", path);
  return document;
}

function replaced(document: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1) ?? "";
  const parent = read(document, path.slice(0, -1), "replace");
  if (Array.isArray(parent)) parent[indexIn(parent, last, parent.length - 1)] = value;
  else if (isObject(parent)) parent[last] = value;
  return document;
}

function indexIn(list: readonly Json[], step: string, max: number): number {
  const index = /^(0|[1-9][0-9]{0,8})$/.test(step) ? Number(step) : Number.NaN;
  if (Number.isNaN(index) || index > max)
    throw new JsonPatchError(`invalid index ${JSON.stringify(step)} of a list of ${list.length}`);
  return index;
}

function missing(op: string, path: readonly string[]): JsonPatchError {
  return new JsonPatchError(`${op} operation does not apply: doc is missing path: ${shown(path)}`);
}

function shown(path: readonly string[]): string {
  return JSON.stringify(path.map((step) => `/${step}`).join(""));
}
