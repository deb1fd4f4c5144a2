import type { Kind } from "../../resources/index.ts";
import { isObject, objectsAt, stringAt, type JsonObject } from "../json.ts";
import type { ApiObject } from "../object.ts";
import type { Cause } from "../status.ts";
import { invalidValue, required, typeInvalid } from "./causes.ts";
import { dnsLabel, dnsSubdomain, labelValueRule, qualifiedName } from "./names.ts";

/** Kubernetes' limit on the keys and values of all annotations of an object. */
const maxAnnotationBytes = 256 * 1024;

/** What is wrong with an object's metadata, whatever its kind. */
export function metadataProblems(kind: Kind, { metadata }: ApiObject): Cause[] {
  return [
    ...nameProblems(kind, metadata.name),
    ...labelProblems(metadata),
    ...annotationProblems(metadata),
    ...ownerProblems(metadata),
    ...finalizerProblems(metadata),
  ];
}

function nameProblems(kind: Kind, name: string): Cause[] {
  const rule = ["Service", "Namespace"].includes(kind.kind) ? dnsLabel : dnsSubdomain;
  const wrong = rule(name);
  return wrong === undefined ? [] : [invalidValue("metadata.name", name, wrong)];
}

function labelProblems(metadata: JsonObject): Cause[] {
  const { labels } = metadata;
  if (labels === undefined) return [];
  if (!isObject(labels)) return [typeInvalid("metadata.labels", labels, "must be an object of strings")];
  return Object.entries(labels).flatMap(([key, value]) => {
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) return [invalidValue("metadata.labels", key, wrongKey)];
    const wrongValue = typeof value === "string" ? labelValueRule(value) : "must be a string";
    return wrongValue === undefined ? [] : [invalidValue("metadata.labels", value, wrongValue)];
  });
}

function annotationProblems(metadata: JsonObject): Cause[] {
  const { annotations } = metadata;
  if (annotations === undefined) return [];
  const field = "metadata.annotations";
  if (!isObject(annotations)) return [typeInvalid(field, annotations, "must be an object of strings")];
  let bytes = 0;
  const problems: Cause[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    const wrong = typeof value === "string" ? qualifiedName(key.toLowerCase()) : "its value must be a string";
    if (wrong !== undefined) problems.push(invalidValue(field, key, wrong));
    bytes += Buffer.byteLength(key) + (typeof value === "string" ? Buffer.byteLength(value) : 0);
  }
  if (bytes > maxAnnotationBytes) {
    const message = `Too long: may not be more than ${maxAnnotationBytes} bytes`;
    problems.push({ reason: "FieldValueInvalid", message, field });
  }
  return problems;
}

function ownerProblems(metadata: JsonObject): Cause[] {
  return objectsAt(metadata, "ownerReferences").flatMap((owner, index) =>
    ["apiVersion", "kind", "name", "uid"]
      .filter((key) => (stringAt(owner, key) ?? "") === "")
      .map((key) => required(`metadata.ownerReferences[${index}].${key}`, "must not be empty")),
  );
}

function finalizerProblems(metadata: JsonObject): Cause[] {
  const { finalizers } = metadata;
  if (finalizers === undefined) return [];
  if (!Array.isArray(finalizers)) return [typeInvalid("metadata.finalizers", finalizers, "must be a list of strings")];
  return finalizers.flatMap((each, index) => {
    const wrong = typeof each === "string" ? qualifiedName(each) : "must be a string";
    return wrong === undefined ? [] : [invalidValue(`metadata.finalizers[${index}]`, each, wrong)];
  });
}
