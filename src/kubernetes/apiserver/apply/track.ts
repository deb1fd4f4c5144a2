import type { Kind } from "../../resources/index.ts";
import { sameJson, type JsonObject } from "../json.ts";
import type { ApiObject } from "../object.ts";
import { rulesOf } from "../patch/list-rules.ts";
import { afterUpdate, formatManagers } from "./managers.ts";

/** The managed fields that an object says it has, as a part of metadata. */
export function managedFieldsOf({ metadata: { managedFields } }: ApiObject): JsonObject {
  return managedFields === undefined || sameJson(managedFields, []) ? {} : { managedFields };
}

/**
 * The managers after a write that is no apply. They are kept only of objects that somebody has applied once: the fields
 * of all others belong to nobody until then, which spares most objects half their size. A client that clears the list
 * ends the tracking, as in Kubernetes.
 */
export function updatedFields(
  kind: Kind,
  given: ApiObject,
  object: ApiObject,
  old: ApiObject,
  subresource: string,
  fieldManager: string,
): JsonObject {
  const cleared = given.metadata["managedFields"];
  if (old.metadata["managedFields"] === undefined || sameJson(cleared, []) || sameJson(cleared, [{}])) return {};
  const writer = { manager: fieldManager, operation: "Update", subresource } as const;
  return { managedFields: formatManagers(afterUpdate(old, object, writer, rulesOf(kind))) };
}
