import type { Kind } from "../../resources/index.ts";
import { textOf, type JsonObject } from "../json.ts";
import { resourceKey, valueAt } from "../object.ts";
import { badRequest } from "../status.ts";

/** The fields that Kubernetes lets one select by, beside the name and namespace, which every kind has. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  nodes: ["spec.unschedulable"],
  services: ["spec.clusterIP", "spec.type"],
  namespaces: ["status.phase"],
  secrets: ["type"],
  "replicasets.apps": ["status.replicas"],
  events: [
    ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
      (field) => `involvedObject.${field}`,
    ),
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
};

/** What a field counts as where an object does not say it. */
const absent: Readonly<Record<string, string>> = { "spec.unschedulable": "false", "spec.hostNetwork": "false" };

/** The objects of `kind` that a query such as `spec.nodeName=a,status.phase!=Failed` selects, as a function. */
export function parseFieldSelector(text: string, kind: Kind): ((object: JsonObject) => boolean) | undefined {
  if (text === "") return undefined;
  const terms = text.split(/(?<!\\),/).map((term) => {
    const [, field = "", operator, value = ""] = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term) ?? [];
    if (operator === undefined)
      throw badRequest(`invalid selector: ${JSON.stringify(text)}; can't understand ${JSON.stringify(term)}`);
    const known = selectable[resourceKey(kind)] ?? [];
    const always = field === "metadata.name" || (field === "metadata.namespace" && kind.namespaced);
    if (!always && !known.includes(field)) throw badRequest(`field label not supported: ${field}`);
    return { field, equal: operator !== "!=", value: value.replace(/\\([\\,=])/g, "$1") };
  });
  return (object) => terms.every(({ field, equal, value }) => (fieldOf(object, field) === value) === equal);
}

function fieldOf(object: JsonObject, field: string): string {
  const value = valueAt(object, field === "source" ? "source.component" : field);
  return value === undefined || value === null ? (absent[field] ?? "") : textOf(value);
}
