import type { Kind } from "../../resources/index.ts";
import type { JsonObject } from "../json.ts";
import { finalizersOf, isTerminating, type ApiObject } from "../object.ts";
import { badRequest, invalid, type Cause } from "../status.ts";
import type { WriteOptions } from "../write-options.ts";
import { forbiddenField } from "./causes.ts";
import { metadataProblems } from "./metadata.ts";
import { admitted } from "./schema.ts";
import type { Strategy } from "./strategy.ts";
import { transitionProblems } from "./transition-rules.ts";

/** An object complete with its defaults and found to be right; throws what a real server answers when it is not. */
export function check(
  kind: Kind,
  strategy: Strategy,
  object: ApiObject,
  old: ApiObject | undefined,
  options: WriteOptions,
  subresource?: string,
): { object: ApiObject; warnings: string[] } {
  const { object: complete, unknownFields } = admitted(kind, object);
  dropEmpty(complete.metadata, ["labels", "annotations", "finalizers", "ownerReferences"]);
  strategy.defaults?.(complete, old);
  const problems = [
    ...metadataProblems(kind, complete),
    ...(old === undefined ? [] : finalizerChanges(complete, old)),
    ...(old === undefined ? [] : transitionProblems(kind, complete, old)),
    ...(subresource !== undefined && old !== undefined
      ? (strategy.validateStatus?.(complete, old) ?? [])
      : (strategy.validate?.(complete, old) ?? [])),
  ];
  if (problems.length > 0) throw invalid(kind, complete.metadata.name, problems);
  const unknown = unknownFields.map((field) => `unknown field "${field}"`);
  if (unknown.length > 0 && options.fieldValidation === "Strict") {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${unknown.join(", ")}`,
    );
  }
  return { object: complete, warnings: options.fieldValidation === "Warn" ? unknown : [] };
}

/** An empty map or list of metadata is none, as in Kubernetes. */
function dropEmpty(metadata: JsonObject, keys: readonly string[]): void {
  for (const key of keys) {
    const value = metadata[key];
    if (value !== undefined && typeof value === "object" && Object.keys(value ?? {}).length === 0) delete metadata[key];
  }
}

function finalizerChanges(object: ApiObject, old: ApiObject): Cause[] {
  if (!isTerminating(old)) return [];
  const before = finalizersOf(old);
  const added = finalizersOf(object).filter((each) => !before.includes(each));
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return added.length === 0 ? [] : [forbiddenField("metadata.finalizers", detail)];
}
