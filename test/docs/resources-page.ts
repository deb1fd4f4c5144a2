import {
  AddressBlock,
  apiVersionOf,
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  NodeReport,
  openApiSchema,
  Rollout,
  type Kind,
} from "../../src/kubernetes/resources/index.ts";
import { code, table, type Page } from "./markdown.ts";

/** The part of OpenAPI's schema that our kinds are written in. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: string | number | boolean | readonly unknown[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const byUsers: readonly Kind[] = [IPAddressPool, BGPPeer, BGPAdvertisement, Community, BFDProfile];
const byFairlead: readonly Kind[] = [AddressBlock, NodeReport, Rollout];

/** Every field of the custom kinds, from the schemas that their definitions in a cluster are made from. */
export function resourcesPage(): Page {
  return {
    title: "Resources",
    body: [
      "A field that is not listed here is not read. `kubectl explain KIND.spec` says the same in a cluster.",
      "A _selector_ is a label selector as elsewhere in Kubernetes, with `matchLabels` and `matchExpressions`. In a list of selectors one that matches is enough.",
      "The objects of `metallb.io` are read from one namespace, `metallb-system` unless `--namespace` says otherwise.",
      "## Written by you",
      ...byUsers.flatMap(sectionOf),
      "## Written by Fairlead",
      "Not to be edited. They are there to be read, and `fairlead status` and `fairlead explain` read them.",
      ...byFairlead.flatMap(sectionOf),
    ],
  };
}

function sectionOf(kind: Kind): string[] {
  const { properties = {} } = openApiSchema(kind) as Schema;
  const rows = ["spec", "status"].flatMap((part) => fieldsOf(part, properties[part] ?? {}));
  const where = kind.namespaced ? "" : ", without a namespace";
  return [
    `### ${kind.kind}`,
    `${code(apiVersionOf(kind))}${where}. ${kind.description}`,
    table(["field", "type", "what it says"], rows),
  ];
}

function fieldsOf(path: string, schema: Schema): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
    const field = `${path}.${name}`;
    const isRequired = schema.required?.includes(name) === true && path.startsWith("spec");
    const row = [code(field), typeOf(each), meaningOf(each, isRequired)];
    if (isOpaque(each)) return [row];
    return [row, ...fieldsOf(each.type === "array" ? `${field}[]` : field, each.items ?? each)];
  });
}

/** Selectors and conditions are Kubernetes' own, and known. */
function isOpaque(schema: Schema): boolean {
  const { properties = {} } = schema.items ?? schema;
  return "matchLabels" in properties || "observedGeneration" in properties;
}

function typeOf(schema: Schema): string {
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
  const { properties = {} } = schema;
  if ("matchLabels" in properties) return "selector";
  if ("observedGeneration" in properties) return "condition";
  return schema.type ?? "any";
}

function meaningOf(schema: Schema, isRequired: boolean): string {
  const { description, minimum, maximum, minItems } = schema;
  const bounds = minimum === undefined && maximum === undefined ? undefined : `${minimum ?? ""} to ${maximum ?? ""}`;
  return [
    description,
    isRequired ? "Required." : undefined,
    bounds && `From ${bounds}.`,
    minItems && `At least ${minItems}.`,
    schema.enum && `One of ${schema.enum.map(code).join(", ")}.`,
    schema.default === undefined || typeof schema.default === "object"
      ? undefined
      : `Default: ${code(String(schema.default))}.`,
  ]
    .filter((each) => each !== undefined && each !== 0)
    .join(" ");
}
