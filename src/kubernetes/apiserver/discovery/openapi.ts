import { createHash } from "node:crypto";
import { apiVersionOf, openApiSchema, pathOf, type Kind } from "../../resources/index.ts";
import type { JsonObject } from "../json.ts";
import { serverVersion } from "./version.ts";

const stringMap = { type: "object", additionalProperties: { type: "string" } };
const time = { type: "string", format: "date-time" };

const objectMeta: JsonObject = {
  description: "What every object has, whatever its kind.",
  type: "object",
  properties: {
    name: { type: "string", description: "Unique among the objects of its kind in its namespace." },
    generateName: { type: "string", description: "A prefix that the server makes a unique name from." },
    namespace: { type: "string", description: "The scope of the name." },
    labels: { ...stringMap, description: "Keys and values that selectors select by." },
    annotations: { ...stringMap, description: "Keys and values that nothing is selected by." },
    uid: { type: "string", description: "Unique over time, set by the server." },
    resourceVersion: { type: "string", description: "Changes with every write; opaque." },
    generation: { type: "integer", format: "int64", description: "Counts the changes of what is wanted." },
    creationTimestamp: { ...time, description: "When the server made it." },
    deletionTimestamp: { ...time, description: "When it is to be gone, if it is being deleted." },
    deletionGracePeriodSeconds: { type: "integer", format: "int64" },
    finalizers: { type: "array", items: { type: "string" }, description: "Who must let go of it before it vanishes." },
    ownerReferences: {
      type: "array",
      description: "The objects that it is deleted with.",
      items: {
        type: "object",
        required: ["apiVersion", "kind", "name", "uid"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          name: { type: "string" },
          uid: { type: "string" },
          controller: { type: "boolean" },
          blockOwnerDeletion: { type: "boolean" },
        },
      },
    },
    managedFields: { type: "array", items: { type: "object" }, description: "Which manager set which fields." },
  },
};

/** The index of documents, one a group and version (GET /openapi/v3). */
export function openApiIndex(kinds: readonly Kind[]): JsonObject {
  const paths: JsonObject = {};
  for (const [root, ofRoot] of Map.groupBy(kinds, rootOf)) {
    const hash = createHash("sha256")
      .update(JSON.stringify(openApiDocument(ofRoot)))
      .digest("hex");
    paths[root] = { serverRelativeURL: `/openapi/v3/${root}?hash=${hash.slice(0, 32).toUpperCase()}` };
  }
  return { paths };
}

/** Where the kinds of one group and version are served: `api/v1`, `apis/metallb.io/v1beta1`. */
export function rootOf({ group, version }: Kind): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

/**
 * The document of one group and version: the schemas for `kubectl explain`, and just enough of the paths for kubectl to
 * know that the server validates fields itself.
 */
export function openApiDocument(kinds: readonly Kind[]): JsonObject {
  const schemas: JsonObject = { ObjectMeta: objectMeta };
  const paths: JsonObject = {};
  for (const kind of kinds) {
    schemas[schemaName(kind)] = schemaOf(kind);
    const collection = pathOf(kind, { namespace: "{namespace}" });
    paths[collection] = { get: operation(kind, "list"), post: operation(kind, "post") };
    paths[`${collection}/{name}`] = {
      get: operation(kind, "get"),
      put: operation(kind, "put"),
      patch: operation(kind, "patch"),
      delete: operation(kind, "delete"),
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "Fairlead", version: serverVersion.gitVersion },
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [decodeURIComponent(path), item])),
    components: { schemas },
  };
}

function schemaName(kind: Kind): string {
  return `${apiVersionOf(kind).replace("/", ".")}.${kind.kind}`;
}

function schemaOf(kind: Kind): JsonObject {
  // What the schema compiler makes is JSON.
  const schema = openApiSchema(kind) as JsonObject;
  const metadata = { allOf: [{ $ref: "#/components/schemas/ObjectMeta" }], default: {} };
  return {
    ...schema,
    properties: { ...(schema["properties"] as JsonObject), metadata },
    "x-kubernetes-group-version-kind": [kindOf(kind)],
  };
}

function kindOf({ group, version, kind }: Kind): JsonObject {
  return { group, version, kind };
}

function operation(kind: Kind, action: string): JsonObject {
  const writes = ["post", "put", "patch"].includes(action);
  const names = writes ? ["dryRun", "fieldManager", "fieldValidation"] : [];
  return {
    parameters: names.map((name) => ({ name, in: "query", schema: { type: "string" } })),
    responses: {
      "200": {
        description: "OK",
        content: { "application/json": { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } },
      },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindOf(kind),
  };
}
