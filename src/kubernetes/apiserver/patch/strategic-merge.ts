import { isObject, sameJson, type Json, type JsonObject } from "../json.ts";
import { badRequest } from "../status.ts";
import type { KindRules } from "./list-rules.ts";

const setOrder = "$setElementOrder/";
const deleteFromList = "$deleteFromPrimitiveList/";

/**
 * Kubernetes' strategic merge patch: a merge patch that knows which lists merge by a key, with directives for what a
 * merge cannot say: `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/LIST`,
 * `$deleteFromPrimitiveList/LIST`.
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, rules: KindRules, path = ""): JsonObject {
  const { $patch: directive, ...fields } = patch;
  if (directive === "replace") return withoutDirectives(fields) as JsonObject;
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw badRequest(`${path || "the patch"}: unknown patch type found: ${JSON.stringify(directive)}`);
  }
  const merged = retained(original, fields);
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith("$")) continue;
    const at = path === "" ? key : `${path}.${key}`;
    if (value === null) delete merged[key];
    else merged[key] = mergedValue(Object.hasOwn(merged, key) ? merged[key] : undefined, value, rules, at);
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(deleteFromList)) dropPrimitives(merged, key.slice(deleteFromList.length), value);
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(setOrder)) reorder(merged, original, key.slice(setOrder.length), value, rules, path);
  }
  return merged;
}

function mergedValue(own: Json | undefined, value: Json, rules: KindRules, path: string): Json {
  if (isObject(value)) return strategicMerge(isObject(own) ? own : {}, value, rules, path);
  if (!Array.isArray(value)) return value;
  const rule = rules.listAt(path);
  const list = Array.isArray(own) ? own : [];
  if (rule?.list === "map" && rule.mergeKey !== undefined) return mergedByKey(list, value, rule.mergeKey, rules, path);
  if (rule?.list === "set" && rule.strategic) {
    return inOrder([...list, ...value.filter((each) => !contains(list, each))], value, list, undefined);
  }
  return withoutDirectives(value);
}

function mergedByKey(
  list: readonly Json[],
  patch: readonly Json[],
  key: string,
  rules: KindRules,
  path: string,
): Json[] {
  if (patch.some((each) => isObject(each) && each["$patch"] === "replace" && each[key] === undefined)) {
    return patch.filter((each) => !(isObject(each) && each["$patch"] !== undefined)).map(withoutDirectives);
  }
  let merged = [...list];
  for (const entry of patch) {
    if (!isObject(entry) || entry[key] === undefined) {
      throw badRequest(`${path}: map: ${JSON.stringify(entry)} does not contain declared merge key: ${key}`);
    }
    const same = (each: Json) => isObject(each) && sameJson(each[key], entry[key]);
    if (entry["$patch"] === "delete") {
      merged = merged.filter((each) => !same(each));
      continue;
    }
    const index = merged.findIndex(same);
    const own = merged[index];
    const value = strategicMerge(isObject(own) ? own : {}, entry, rules, path);
    if (index === -1) merged.push(value);
    else merged[index] = value;
  }
  return inOrder(merged, patch, list, key);
}

function retained(original: JsonObject, fields: JsonObject): JsonObject {
  const keys = fields["$retainKeys"];
  if (!Array.isArray(keys)) return { ...original };
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function dropPrimitives(merged: JsonObject, key: string, value: Json): void {
  const list = merged[key];
  if (Array.isArray(list) && Array.isArray(value)) merged[key] = list.filter((each) => !contains(value, each));
}

/** Puts a list in the order that `$setElementOrder` says. */
function reorder(
  merged: JsonObject,
  original: JsonObject,
  key: string,
  order: Json,
  rules: KindRules,
  path: string,
): void {
  const list = merged[key];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const rule = rules.listAt(path === "" ? key : `${path}.${key}`);
  const before = original[key];
  merged[key] = inOrder(
    list,
    order,
    Array.isArray(before) ? before : [],
    rule?.list === "map" ? rule.mergeKey : undefined,
  );
}

/**
 * Kubernetes' order of a merged list: what the patch names in its own order, what only the server has in the old one,
 * and of two that were both there before, that first which was first. So what is new comes before what is left.
 */
function inOrder(
  list: readonly Json[],
  patch: readonly Json[],
  before: readonly Json[],
  mergeKey: string | undefined,
): Json[] {
  const identity = (each: Json) => (mergeKey !== undefined && isObject(each) ? (each[mergeKey] ?? null) : each);
  const indexIn = (order: readonly Json[], each: Json) =>
    order.findIndex((other) => sameJson(identity(other), identity(each)));
  const sorted = (entries: readonly Json[], order: readonly Json[]) =>
    [...entries].sort((a, b) => indexIn(order, a) - indexIn(order, b));
  const named = sorted(
    list.filter((each) => indexIn(patch, each) !== -1),
    patch,
  );
  const left = sorted(
    list.filter((each) => indexIn(patch, each) === -1),
    before,
  );
  const ordered: Json[] = [];
  while (named[0] !== undefined && left[0] !== undefined) {
    const [one, other] = [indexIn(before, left[0]), indexIn(before, named[0])];
    const next = one >= 0 && other >= 0 && one < other ? left.shift() : named.shift();
    if (next !== undefined) ordered.push(next);
  }
  return [...ordered, ...named, ...left];
}

function contains(list: readonly Json[], value: Json): boolean {
  return list.some((each) => sameJson(each, value));
}

function withoutDirectives(value: Json): Json {
  if (Array.isArray(value)) {
    return value.filter((each) => !(isObject(each) && each["$patch"] === "delete")).map(withoutDirectives);
  }
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    if (!key.startsWith("$") && each !== null) kept[key] = withoutDirectives(each);
  }
  return kept;
}
