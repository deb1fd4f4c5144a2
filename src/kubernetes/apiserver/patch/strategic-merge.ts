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
    if (key.startsWith(setOrder)) reorder(merged, key.slice(setOrder.length), value, rules, path);
  }
  return merged;
}

function mergedValue(own: Json | undefined, value: Json, rules: KindRules, path: string): Json {
  if (isObject(value)) return strategicMerge(isObject(own) ? own : {}, value, rules, path);
  if (!Array.isArray(value)) return value;
  const rule = rules.listAt(path);
  const list = Array.isArray(own) ? own : [];
  if (rule?.list === "map" && rule.mergeKey !== undefined) return mergedByKey(list, value, rule.mergeKey, rules, path);
  if (rule?.list === "set" && rule.strategic) return [...list, ...value.filter((each) => !contains(list, each))];
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
  return merged;
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

/** Puts the entries that are named in the order named; what is not named keeps its place behind its neighbour. */
function reorder(merged: JsonObject, key: string, order: Json, rules: KindRules, path: string): void {
  const list = merged[key];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const rule = rules.listAt(path === "" ? key : `${path}.${key}`);
  const mergeKey = rule?.list === "map" ? rule.mergeKey : undefined;
  const identity = (each: Json) => (mergeKey !== undefined && isObject(each) ? (each[mergeKey] ?? null) : each);
  const rank = (each: Json) => order.findIndex((named) => sameJson(identity(named), identity(each)));
  const named = list.filter((each) => rank(each) !== -1).sort((a, b) => rank(a) - rank(b));
  let next = 0;
  merged[key] = list.map((each) => (rank(each) === -1 ? each : (named[next++] ?? each)));
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
