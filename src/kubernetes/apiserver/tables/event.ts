import { numberAt, objectAt, stringAt } from "../json.ts";
import type { ApiObject } from "../object.ts";
import { since, type Column } from "./column.ts";

export const eventColumns: readonly Column[] = [
  { name: "Last Seen", cell: lastSeen },
  { name: "Type", cell: (event) => stringAt(event, "type") ?? "" },
  { name: "Reason", cell: (event) => stringAt(event, "reason") ?? "" },
  { name: "Object", cell: involvedOf },
  { name: "Subobject", wide: true, cell: (event) => stringAt(objectAt(event, "involvedObject"), "fieldPath") ?? "" },
  { name: "Source", wide: true, cell: sourceOf },
  { name: "Message", cell: (event) => (stringAt(event, "message") ?? "").trim() },
  { name: "First Seen", wide: true, cell: firstSeen },
  {
    name: "Count",
    type: "integer",
    wide: true,
    cell: (event) => numberAt(objectAt(event, "series"), "count") ?? (numberAt(event, "count") || 1),
  },
  { name: "Name", format: "name", wide: true, cell: (event) => event.metadata.name },
];

function firstSeen(event: ApiObject, nowMs: number): string {
  return since(stringAt(event, "firstTimestamp") ?? stringAt(event, "eventTime"), nowMs);
}

function lastSeen(event: ApiObject, nowMs: number): string {
  const last = stringAt(objectAt(event, "series"), "lastObservedTime") ?? stringAt(event, "lastTimestamp");
  return last === undefined ? firstSeen(event, nowMs) : since(last, nowMs);
}

function involvedOf(event: ApiObject): string {
  const involved = objectAt(event, "involvedObject");
  const kind = (stringAt(involved, "kind") ?? "").toLowerCase();
  const name = stringAt(involved, "name") ?? "";
  return name === "" ? kind : `${kind}/${name}`;
}

function sourceOf(event: ApiObject): string {
  const source = objectAt(event, "source");
  const component = stringAt(source, "component") || (stringAt(event, "reportingComponent") ?? "");
  const instance = stringAt(source, "host") || (stringAt(event, "reportingInstance") ?? "");
  return instance === "" ? component : `${component}, ${instance}`;
}
