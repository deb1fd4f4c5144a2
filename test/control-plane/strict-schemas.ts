import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** What is read here of a schema, whether OpenAPI's or a CustomResourceDefinition's. */
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface OpenApi {
  readonly definitions: Readonly<Record<string, Schema>>;
}

interface Definition {
  readonly kind: "CustomResourceDefinition";
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const refersTo = "#/definitions/";
const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** Kinds of values of which OpenAPI's form of a string is not all that Kubernetes reads. */
const scalars: Readonly<Record<string, object>> = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: ["string", "integer"] },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: ["string", "number"] },
};

/** A folder with a JSON schema for each kind, of which no object may have a field that the kind has not. */
export class StrictSchemas {
  /** What kubeconform is told, to find them. */
  readonly location: string;
  readonly #folder: string;
  readonly #definitions: OpenApi["definitions"];

  private constructor(folder: string, definitions: OpenApi["definitions"]) {
    this.#folder = folder;
    this.#definitions = definitions;
    this.location = join(folder, "{{.Group}}/{{.ResourceKind}}-{{.ResourceAPIVersion}}.json");
  }

  /** Of the kinds of an OpenAPI document (version 2), in an empty folder. */
  static async of(openApi: string, folder: string): Promise<StrictSchemas> {
    const { definitions } = JSON.parse(await readFile(openApi, "utf8")) as OpenApi;
    const schemas = new StrictSchemas(folder, definitions);
    for (const schema of Object.values(definitions)) {
      for (const kind of schema["x-kubernetes-group-version-kind"] ?? []) await schemas.#write(kind, schema);
    }
    return schemas;
  }

  /** Of the kinds that custom resource definitions in these files or folders define. */
  async addDefinitions(...paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      for (const { spec } of await definitionsIn(path)) {
        for (const { name: version, schema } of spec.versions) {
          const { openAPIV3Schema: root } = schema;
          const text = {};
          const properties = {
            ...root.properties,
            apiVersion: text,
            kind: text,
            metadata: { $ref: refersTo + objectMeta },
          };
          await this.#write({ group: spec.group, version, kind: spec.names.kind }, { ...root, properties });
        }
      }
    }
  }

  /** Each schema stands for itself: it has the definitions that it refers to, and those that they do. */
  async #write({ group, version, kind }: GroupVersionKind, schema: Schema): Promise<void> {
    const definitions: Record<string, object> = {};
    const pending = referred(schema);
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const definition = this.#definitions[name];
      if (definition === undefined || name in definitions) continue;
      definitions[name] = scalars[name] ?? closed(definition);
      pending.push(...referred(definition));
    }
    // Without a group kubeconform takes the version for one.
    const folder = join(this.#folder, group === "" ? version : group);
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${kind.toLowerCase()}-${version}.json`);
    await writeFile(file, JSON.stringify({ ...closed(schema), definitions }));
  }
}

async function definitionsIn(path: string): Promise<readonly Definition[]> {
  const names = path.endsWith(".yaml") ? [path] : (await readdir(path)).map((name) => join(path, name));
  const texts = await Promise.all(names.map((name) => readFile(name, "utf8")));
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as Definition | null));
  return objects.filter((each) => each?.kind === "CustomResourceDefinition") as Definition[];
}

/** The schema where it, and all below it, take the fields that they name and no others. */
function closed(schema: Schema): object {
  const { required, ...others } = schema;
  const { properties, items, additionalProperties: rest, nullable } = schema;
  const isOpen = rest !== undefined || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const one = {
    ...others,
    // JSON schema's draft 4, which OpenAPI speaks, knows no empty list of what is required.
    ...(required !== undefined && required.length > 0 && { required }),
    ...(properties !== undefined && { properties: mapped(properties, closed) }),
    ...(properties !== undefined && !isOpen && { additionalProperties: false }),
    ...(items !== undefined && { items: closed(items) }),
    ...(typeof rest === "object" && { additionalProperties: closed(rest) }),
    ...(schema["x-kubernetes-int-or-string"] === true && { type: ["string", "integer"] }),
  };
  return nullable === true ? { anyOf: [one, { type: "null" }] } : one;
}

function referred({ $ref, properties = {}, items, additionalProperties: rest }: Schema): string[] {
  const below = [...Object.values(properties), ...(items ? [items] : []), ...(typeof rest === "object" ? [rest] : [])];
  return [...($ref === undefined ? [] : [$ref.slice(refersTo.length)]), ...below.flatMap(referred)];
}

function mapped<From, To>(record: Readonly<Record<string, From>>, make: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(value)]));
}
