import { isObject, type Json, type JsonObject } from "../json.ts";
import type { KindRules } from "../patch/list-rules.ts";
import { elementOf, emptySet, type FieldSet } from "./field-set.ts";

/** `live` with all that `config` says: objects and lists with keys merge, all else is replaced. */
export function mergeApplied(live: Json | undefined, config: Json, rules: KindRules, path = ""): Json {
  if (isObject(config)) {
    if (!isObject(live) || rules.isAtomic(path)) return config;
    const merged: JsonObject = { ...live };
    for (const [key, value] of Object.entries(config)) {
      const own = Object.hasOwn(live, key) ? live[key] : undefined;
      merged[key] = mergeApplied(own, value, rules, path === "" ? key : `${path}.${key}`);
    }
    return merged;
  }
  const rule = rules.listAt(path);
  if (!Array.isArray(config) || !Array.isArray(live) || rule === undefined) return config;
  const merged = [...live];
  for (const entry of config) {
    const element = elementOf(entry, rule);
    const index = merged.findIndex((each) => elementOf(each, rule) === element);
    const own = merged[index];
    if (index === -1 || own === undefined) merged.push(entry);
    else merged[index] = mergeApplied(own, entry, rules, path);
  }
  return merged;
}

/**
 * `value` without the fields in `gone`, save what is in `kept` (other managers' fields). What is left empty by that
 * goes too; `undefined` when nothing is left.
 */
export function withoutFields(
  value: Json,
  gone: FieldSet,
  kept: FieldSet,
  rules: KindRules,
  path = "",
): Json | undefined {
  if (gone.member && !kept.member && kept.children.size === 0) return undefined;
  if (gone.children.size === 0) return value;
  if (isObject(value)) {
    const left: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const at = path === "" ? key : `${path}.${key}`;
      const inner = removed(each, `f:${key}`, gone, kept, rules, at);
      if (inner !== undefined) left[key] = inner;
    }
    return Object.keys(left).length === 0 ? undefined : left;
  }
  const rule = rules.listAt(path);
  if (!Array.isArray(value) || rule === undefined) return value;
  const left = value.flatMap((each) => removed(each, elementOf(each, rule), gone, kept, rules, path) ?? []);
  return left.length === 0 ? undefined : left;
}

function removed(
  value: Json,
  element: string,
  gone: FieldSet,
  kept: FieldSet,
  rules: KindRules,
  path: string,
): Json | undefined {
  const goes = gone.children.get(element);
  return goes === undefined ? value : withoutFields(value, goes, kept.children.get(element) ?? emptySet, rules, path);
}
