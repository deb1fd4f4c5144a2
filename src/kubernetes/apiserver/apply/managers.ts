import { objectsAt, sameJson, stringAt, type Json, type JsonObject } from "../json.ts";
import { timestamp, type ApiObject } from "../object.ts";
import {
  difference,
  fieldsChanged,
  fieldsOf,
  formatFieldSet,
  intersection,
  isEmptySet,
  parseFieldSet,
  union,
  type FieldSet,
} from "./field-set.ts";
import type { KindRules } from "../patch/list-rules.ts";

/** Who wrote fields, and how: one entry of `metadata.managedFields`. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly subresource: string;
}

export interface Managed extends Manager {
  readonly apiVersion: string;
  readonly time: string;
  readonly fields: FieldSet;
}

export function managersOf(object: ApiObject): Managed[] {
  return objectsAt(object.metadata, "managedFields").map((entry) => ({
    manager: stringAt(entry, "manager") ?? "",
    operation: entry["operation"] === "Apply" ? "Apply" : "Update",
    subresource: stringAt(entry, "subresource") ?? "",
    apiVersion: stringAt(entry, "apiVersion") ?? "",
    time: stringAt(entry, "time") ?? "",
    fields: parseFieldSet(entry["fieldsV1"]),
  }));
}

export function formatManagers(managers: readonly Managed[]): Json {
  return managers
    .filter(({ fields }) => !isEmptySet(fields))
    .map(({ manager, operation, subresource, apiVersion, time, fields }): JsonObject => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: "FieldsV1",
      fieldsV1: formatFieldSet(fields),
      ...(subresource === "" ? {} : { subresource }),
    }));
}

export function isSameManager(a: Manager, b: Manager): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}

/** An object as far as it can be owned: not what names it, nor what the server writes. */
export function ownable(object: ApiObject): JsonObject {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const serverOwned = [
    "name",
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
  ];
  const kept = Object.entries(metadata).filter(([key]) => !serverOwned.includes(key));
  return kept.length === 0 ? rest : { ...rest, metadata: Object.fromEntries(kept) };
}

/**
 * The managers after a write that is no apply: what changed belongs to the writer alone now, and what is gone to
 * nobody.
 */
export function afterUpdate(old: ApiObject, object: ApiObject, writer: Manager, rules: KindRules): Managed[] {
  const after = ownable(object);
  const changed = fieldsChanged(after, ownable(old), rules);
  const present = fieldsOf(after, rules);
  const before = managersOf(old);
  const others = before
    .filter((each) => !isSameManager(each, writer))
    .map((each) => ({ ...each, fields: intersection(difference(each.fields, changed), withAncestors(present)) }));
  const own = before.find((each) => isSameManager(each, writer));
  const kept = own === undefined ? changed : union(intersection(own.fields, withAncestors(present)), changed);
  return [...others, written(writer, object.apiVersion, kept, own)];
}

/** An entry is stamped anew only when its fields changed. */
export function written(writer: Manager, apiVersion: string, fields: FieldSet, before: Managed | undefined): Managed {
  const same = before !== undefined && sameJson(formatFieldSet(fields), formatFieldSet(before.fields));
  return { ...writer, apiVersion, fields, time: same ? before.time : timestamp(Date.now()) };
}

/** A manager may own an object by itself beside its fields, as one that was empty when it was written. */
function withAncestors({ children }: FieldSet): FieldSet {
  return { member: true, children: new Map([...children].map(([key, child]) => [key, withAncestors(child)])) };
}
