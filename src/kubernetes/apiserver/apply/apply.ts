import { apiVersionOf, type Kind } from "../../resources/index.ts";
import { parseBody, typed } from "../body.ts";
import { isObject, withoutNulls, type JsonObject } from "../json.ts";
import { namespaceOf, type ApiObject, type Metadata } from "../object.ts";
import { rulesOf } from "../patch/list-rules.ts";
import type { ApiRequest } from "../request.ts";
import { ApiError, badRequest, invalid, type Cause } from "../status.ts";
import {
  difference,
  fieldsChanged,
  fieldsOf,
  intersection,
  isEmptySet,
  emptySet,
  pathsOf,
  union,
} from "./field-set.ts";
import { formatManagers, isSameManager, managersOf, ownable, written, type Managed, type Manager } from "./managers.ts";
import { mergeApplied, withoutFields } from "./merge.ts";

interface ApplyOptions {
  readonly kind: Kind;
  readonly name: string;
  readonly subresource: "status" | "";
  readonly fieldManager: string;
  /** Takes fields over from their managers where they differ. */
  readonly force: boolean;
}

/**
 * Server-side apply: the body is all that its manager wants to say of the object. What it said before and says no more
 * is removed, unless another manager says it too; what another manager says differently is a conflict, unless forced.
 */
export function applyOf(request: ApiRequest, options: ApplyOptions): (old: ApiObject | undefined) => ApiObject {
  const { kind, name } = options;
  if (options.fieldManager === "") {
    const field = "fieldManager";
    const message = "Required value: is required for apply patch";
    const asked = { ...kind, group: "meta.k8s.io", kind: "PatchOptions" };
    throw invalid(asked, "", [{ reason: "FieldValueRequired", field, message }]);
  }
  const body = parseBody(request.body, true);
  if (!isObject(body)) throw badRequest("an apply patch must be an object");
  if (body["apiVersion"] === undefined || body["kind"] === undefined) {
    throw badRequest("an apply patch must say apiVersion and kind");
  }
  const config = withoutNulls(typed(body, kind)) as ApiObject;
  if (config.metadata["managedFields"] !== undefined) throw badRequest("metadata.managedFields must be nil");
  if (config.metadata.name === "") config.metadata.name = name;
  return (old) => (old === undefined ? created(config, options) : applied(old, config, options));
}

function created(config: ApiObject, options: ApplyOptions): ApiObject {
  const said = fieldsOf(sayable(config, options), rulesOf(options.kind));
  const managedFields = formatManagers([written(managerOf(options), apiVersionOf(options.kind), said, undefined)]);
  return { ...config, metadata: { ...config.metadata, managedFields } };
}

function applied(old: ApiObject, config: ApiObject, options: ApplyOptions): ApiObject {
  const rules = rulesOf(options.kind);
  const manager = managerOf(options);
  const wanted = sayable(config, options);
  const said = fieldsOf(wanted, rules);
  const managers = managersBefore(old, options);
  const own = managers.find((each) => isSameManager(each, manager));
  const others = managers.filter((each) => !isSameManager(each, manager));

  const differing = fieldsChanged(wanted, ownable(old), rules);
  const disputed = others.map((each) => ({ ...each, fields: intersection(each.fields, differing) }));
  if (!options.force) refuseConflicts(disputed);

  const left = others.map((each, index) => ({
    ...each,
    fields: difference(each.fields, disputed[index]?.fields ?? emptySet),
  }));
  const merged = mergeApplied(ownable(old), wanted, rules) as JsonObject;
  const dropped = own === undefined ? emptySet : difference(own.fields, said);
  const kept = left.map(({ fields }) => fields).reduce(union, said);
  const result = (withoutFields(merged, dropped, kept, rules) ?? {}) as JsonObject;
  const managedFields = formatManagers([...left, written(manager, config.apiVersion, said, own)]);
  const { apiVersion, kind } = old;
  return { ...result, apiVersion, kind, metadata: { ...metadataOf(old, config, result), managedFields } };
}

function managerOf({ fieldManager, subresource }: ApplyOptions): Manager {
  return { manager: fieldManager, operation: "Apply", subresource };
}

/** What nobody tracked until now belongs to a manager of its own, as in Kubernetes. */
function managersBefore(old: ApiObject, { kind }: ApplyOptions): Managed[] {
  const managers = managersOf(old);
  if (managers.length > 0) return managers;
  const unknown: Manager = { manager: "before-first-apply", operation: "Update", subresource: "" };
  return [written(unknown, old.apiVersion, fieldsOf(ownable(old), rulesOf(kind)), undefined)];
}

/**
 * What can be said through this door: the status through its own, all else through the main one. Kubernetes takes the
 * metadata of built-in kinds through both, that of custom resources through the main one only.
 */
function sayable(config: ApiObject, { kind, subresource }: ApplyOptions): JsonObject {
  const said = ownable(config);
  if (subresource === "status") {
    const { status, metadata } = said;
    return {
      ...(status === undefined ? {} : { status }),
      ...(kind.custom || metadata === undefined ? {} : { metadata }),
    };
  }
  if (kind.statusSubresource) delete said["status"];
  return said;
}

/** The server's part of the old metadata, the name and version that the config names, and the merged rest. */
function metadataOf(old: ApiObject, config: ApiObject, result: JsonObject): Metadata {
  const { labels: _, annotations: __, finalizers: ___, ownerReferences: ____, ...serverOwned } = old.metadata;
  const { name, resourceVersion, uid } = config.metadata;
  return {
    ...serverOwned,
    ...(isObject(result["metadata"]) ? result["metadata"] : {}),
    name,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
    ...(namespaceOf(config) === "" ? {} : { namespace: namespaceOf(config) }),
  };
}

function refuseConflicts(disputed: readonly Managed[]): void {
  const conflicts = disputed.flatMap(({ manager, operation, apiVersion, fields, subresource }) => {
    const door = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
    // The same manager may have updated by several versions, and applies by one.
    const version = operation === "Update" ? ` using ${apiVersion}` : "";
    const message = `conflict with ${JSON.stringify(manager)}${door}${version}`;
    return isEmptySet(fields)
      ? []
      : pathsOf(fields).map((field): Cause => ({ reason: "FieldManagerConflict", message, field }));
  });
  if (conflicts.length === 0) return;
  const lines = conflicts.map(({ message, field = "" }) => `${message}: ${field}`);
  const count = conflicts.length === 1 ? "1 conflict" : `${conflicts.length} conflicts`;
  throw new ApiError(409, "Conflict", `Apply failed with ${count}: ${lines.join("\n")}`, { causes: conflicts });
}
