import * as z from "zod";
import type { Kind } from "./kind.ts";

type JsonSchema = { [key: string]: unknown };

/**
 * The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind, made from its schema. Kubernetes wants a
 * structural schema: no references, no `additionalProperties: false`, int-or-string by its own extension.
 */
export function customResourceDefinition(kind: Kind): JsonSchema {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      },
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          ...(kind.columns.length > 0 ? { additionalPrinterColumns: columnsOf(kind) } : {}),
          ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
          schema: {
            openAPIV3Schema: openApiSchema(kind),
          },
        },
      ],
    },
  };
}

/** The structural schema of a whole object of this kind, in the words of OpenAPI 3.0. */
export function openApiSchema(kind: Kind): JsonSchema {
  const schema = z.toJSONSchema(kind.schema, {
    target: "openapi-3.0",
    io: "input",
    reused: "inline",
    unrepresentable: "any",
  });
  const { apiVersion: _, kind: __, metadata: ___, ...properties } = (schema["properties"] ?? {}) as JsonSchema;
  return {
    description: kind.description,
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      ...(structural(properties) as JsonSchema),
    },
    required: schema.required?.filter((name) => name in properties) ?? [],
  };
}

function columnsOf(kind: Kind): JsonSchema[] {
  return kind.columns.map(({ name, type, jsonPath, wide }) => ({
    name,
    type,
    jsonPath,
    ...(wide ? { priority: 1 } : {}),
  }));
}

/** What zod writes and a structural schema may not say, taken out or said in Kubernetes' way. */
function structural(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structural);
  if (value === null || typeof value !== "object") return value;
  const entries: JsonSchema = Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !(key === "additionalProperties" && each === false) && key !== "propertyNames")
      .map(([key, each]) => [key, structural(each)]),
  );
  if (entries["x-kubernetes-int-or-string"] === true) return { "x-kubernetes-int-or-string": true };
  if (entries["type"] === "integer") return integer(entries);
  return entries;
}

/** JavaScript's safe integers are zod's own bounds, not the field's. */
function integer({ minimum, maximum, ...rest }: JsonSchema): JsonSchema {
  return {
    ...rest,
    ...(minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
    format: "int64",
  };
}
