import { numberAt, objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import type { ApiObject } from "../object.ts";
import { age, joined, nameColumn, none, type Column } from "./column.ts";
import { labelsText } from "./selector-text.ts";

export const serviceColumns: readonly Column[] = [
  nameColumn,
  { name: "Type", cell: (service) => stringAt(objectAt(service, "spec"), "type") ?? "" },
  { name: "Cluster-IP", cell: (service) => stringsAt(objectAt(service, "spec"), "clusterIPs")[0] ?? none },
  { name: "External-IP", cell: externalAddressOf },
  { name: "Port(s)", cell: portsOf },
  age,
  { name: "Selector", wide: true, cell: (service) => labelsText(objectAt(objectAt(service, "spec"), "selector")) },
];

function externalAddressOf(service: ApiObject): string {
  const spec = objectAt(service, "spec");
  const external = stringsAt(spec, "externalIPs");
  switch (stringAt(spec, "type")) {
    case "LoadBalancer": {
      const ingress = objectsAt(objectAt(objectAt(service, "status"), "loadBalancer"), "ingress");
      const given = ingress.flatMap((each) => stringAt(each, "ip") || stringAt(each, "hostname") || []);
      const shown = [...given, ...external];
      return shown.length === 0 ? "<pending>" : shown.join(",");
    }
    case "ExternalName":
      return stringAt(spec, "externalName") ?? "";
    default:
      return joined(external);
  }
}

function portsOf(service: ApiObject): string {
  const ports = objectsAt(objectAt(service, "spec"), "ports").map((each) => {
    const nodePort = numberAt(each, "nodePort") ?? 0;
    return `${numberAt(each, "port") ?? 0}${nodePort > 0 ? `:${nodePort}` : ""}/${stringAt(each, "protocol") ?? "TCP"}`;
  });
  return joined(ports);
}
