import type { Kind } from "../../resources/index.ts";
import type { JsonObject } from "../json.ts";
import { labelsOf } from "../object.ts";
import { parseFieldSelector } from "./field.ts";
import { parseLabelSelector } from "./label.ts";

/** Which objects of a kind a request is about; `undefined` stands for all. */
export type Selection = ((object: JsonObject) => boolean) | undefined;

export function selectionOf(query: URLSearchParams, kind: Kind, name?: string): Selection {
  const byLabels = parseLabelSelector(query.get("labelSelector") ?? "");
  const byFields = parseFieldSelector(query.get("fieldSelector") ?? "", kind);
  if (byLabels === undefined && byFields === undefined && name === undefined) return undefined;
  return (object) =>
    (name === undefined || (object["metadata"] as JsonObject)["name"] === name) &&
    (byLabels?.(labelsOf(object)) ?? true) &&
    (byFields?.(object) ?? true);
}
