import { objectAt, objectsAt, stringAt, type JsonObject } from "../json.ts";
import { labelsOf, type ApiObject } from "../object.ts";
import { age, joined, nameColumn, none, type Column } from "./column.ts";

const unknown = "<unknown>";

export const nodeColumns: readonly Column[] = [
  nameColumn,
  { name: "Status", cell: statusOf },
  { name: "Roles", cell: (node) => joined(rolesOf(labelsOf(node))) },
  age,
  { name: "Version", cell: (node) => infoOf(node, "kubeletVersion") ?? "" },
  { name: "Internal-IP", wide: true, cell: (node) => addressOf(node, "InternalIP") },
  { name: "External-IP", wide: true, cell: (node) => addressOf(node, "ExternalIP") },
  { name: "OS-Image", wide: true, cell: (node) => infoOf(node, "osImage") ?? unknown },
  { name: "Kernel-Version", wide: true, cell: (node) => infoOf(node, "kernelVersion") ?? unknown },
  { name: "Container-Runtime", wide: true, cell: (node) => infoOf(node, "containerRuntimeVersion") ?? unknown },
];

function statusOf(node: ApiObject): string {
  const ready = objectsAt(objectAt(node, "status"), "conditions").find((each) => each["type"] === "Ready");
  const status = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return objectAt(node, "spec")["unschedulable"] === true ? `${status},SchedulingDisabled` : status;
}

function rolesOf(labels: JsonObject): string[] {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(labels).flatMap((key) => (key.startsWith(prefix) ? key.slice(prefix.length) : []));
  const older = stringAt(labels, "kubernetes.io/role") ?? "";
  return [...new Set([...roles, older])].filter((each) => each !== "").sort();
}

function infoOf(node: ApiObject, key: string): string | undefined {
  return stringAt(objectAt(objectAt(node, "status"), "nodeInfo"), key) || undefined;
}

function addressOf(node: ApiObject, type: string): string {
  const addresses = objectsAt(objectAt(node, "status"), "addresses");
  return stringAt(addresses.find((each) => each["type"] === type) ?? {}, "address") ?? none;
}
