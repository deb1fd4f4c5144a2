import { numberAt, objectAt, objectsAt, stringAt, stringsAt, type JsonObject } from "../json.ts";
import { age, nameColumn, type Column } from "./column.ts";
import { eventColumns } from "./event.ts";
import { nodeColumns } from "./node.ts";
import { podColumns } from "./pod.ts";
import { selectorText } from "./selector-text.ts";
import { serviceColumns } from "./service.ts";

const dataColumn: Column = { name: "Data", cell: (object) => String(Object.keys(objectAt(object, "data")).length) };

const templateContainers = (replicaSet: JsonObject): JsonObject[] =>
  objectsAt(objectAt(objectAt(objectAt(replicaSet, "spec"), "template"), "spec"), "containers");

/** More than this many are counted, not listed. */
const listed = 3;

function firstFew(texts: readonly string[]): string {
  if (texts.length === 0) return "<unset>";
  const more = texts.length - listed;
  return texts.slice(0, listed).join(",") + (more > 0 ? ` + ${more} more...` : "");
}

const columns: Readonly<Record<string, readonly Column[]>> = {
  configmaps: [nameColumn, dataColumn, age],
  secrets: [nameColumn, { name: "Type", cell: (secret) => stringAt(secret, "type") ?? "" }, dataColumn, age],
  namespaces: [
    nameColumn,
    { name: "Status", cell: (namespace) => stringAt(objectAt(namespace, "status"), "phase") ?? "" },
    age,
  ],
  nodes: nodeColumns,
  pods: podColumns,
  services: serviceColumns,
  events: eventColumns,
  "replicasets.apps": [
    nameColumn,
    { name: "Desired", type: "integer", cell: (object) => numberAt(objectAt(object, "spec"), "replicas") ?? 0 },
    { name: "Current", type: "integer", cell: (object) => numberAt(objectAt(object, "status"), "replicas") ?? 0 },
    { name: "Ready", type: "integer", cell: (object) => numberAt(objectAt(object, "status"), "readyReplicas") ?? 0 },
    age,
    {
      name: "Containers",
      wide: true,
      cell: (object) =>
        templateContainers(object)
          .flatMap((each) => stringAt(each, "name") ?? [])
          .join(","),
    },
    {
      name: "Images",
      wide: true,
      cell: (object) =>
        templateContainers(object)
          .flatMap((each) => stringAt(each, "image") ?? [])
          .join(","),
    },
    { name: "Selector", wide: true, cell: (object) => selectorText(objectAt(objectAt(object, "spec"), "selector")) },
  ],
  "endpointslices.discovery.k8s.io": [
    nameColumn,
    { name: "AddressType", cell: (slice) => stringAt(slice, "addressType") ?? "" },
    {
      name: "Ports",
      cell: (slice) =>
        firstFew(
          objectsAt(slice, "ports").map((each) => String(numberAt(each, "port") ?? stringAt(each, "name") ?? "*")),
        ),
    },
    {
      name: "Endpoints",
      cell: (slice) => firstFew(objectsAt(slice, "endpoints").flatMap((each) => stringsAt(each, "addresses"))),
    },
    age,
  ],
  "leases.coordination.k8s.io": [
    nameColumn,
    { name: "Holder", cell: (lease) => stringAt(objectAt(lease, "spec"), "holderIdentity") ?? "" },
    age,
  ],
};

/** Those that Kubernetes' own printers show of its kinds; `undefined` for a custom kind. */
export function builtInColumns(resource: string): readonly Column[] | undefined {
  return Object.hasOwn(columns, resource) ? columns[resource] : undefined;
}
