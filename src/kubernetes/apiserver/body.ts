import { parse as parseYaml } from "yaml";
import { apiVersionOf, type Kind } from "../resources/index.ts";
import { isObject, textOf, unsafeShape, type Json, type JsonObject } from "./json.ts";
import { requireType } from "./media-type.ts";
import type { ApiObject } from "./object.ts";
import { decodeProtobuf, protobufType } from "./protobuf/decode.ts";
import type { ApiRequest } from "./request.ts";
import { badRequest } from "./status.ts";

const objectTypes = ["application/json", "application/yaml", protobufType];

/** The body of a request in whatever form an object may have. */
export function parseObjectBody({ contentType, body }: ApiRequest): Json {
  const type = requireType(contentType, objectTypes);
  return type === protobufType ? decodeProtobuf(body) : parseBody(body, type === "application/yaml");
}

/** A body as JSON or YAML. Throws a bad request for what is neither, or would do harm. */
export function parseBody(body: Buffer, yaml: boolean): Json {
  let value: unknown;
  try {
    const text = body.toString("utf8");
    value = yaml ? parseYaml(text, { version: "1.2", schema: "core", maxAliasCount: 32 }) : JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be parsed";
    throw badRequest(`the body of the request is no ${yaml ? "YAML" : "JSON"}: ${why.slice(0, 500)}`);
  }
  const unsafe = unsafeShape(value);
  if (unsafe !== undefined) throw badRequest(`the body of the request: ${unsafe}`);
  return value as Json;
}

/** The body of a create or replace: one object of the kind that the path names. */
export function objectOf(request: ApiRequest, kind: Kind): ApiObject {
  const value = parseObjectBody(request);
  if (!isObject(value)) throw badRequest(`the body of the request is no ${kind.kind} object`);
  return typed(value, kind);
}

/** The body of a delete, if there is one; its `kind` is DeleteOptions in whatever group. */
export function optionsOf(request: ApiRequest): JsonObject | undefined {
  if (request.body.length === 0) return undefined;
  const value = parseObjectBody(request);
  if (!isObject(value)) throw badRequest("the body of the request is no DeleteOptions object");
  const given = value["kind"];
  if (given !== undefined && given !== "DeleteOptions") {
    throw badRequest(`the body of the request is a ${JSON.stringify(given)}, not DeleteOptions`);
  }
  return value;
}

/** Sees to it that `value` says what the path says: group, version and kind, and has metadata with a name. */
export function typed(value: JsonObject, kind: Kind): ApiObject {
  const apiVersion = apiVersionOf(kind);
  const version = value["apiVersion"] ?? apiVersion;
  if (version !== apiVersion) {
    throw badRequest(
      `the API version in the data (${textOf(version)}) does not match the expected API version (${apiVersion})`,
    );
  }
  const given = value["kind"] ?? kind.kind;
  if (given !== kind.kind) {
    throw badRequest(`${textOf(given)} in version "${kind.version}" cannot be handled as a ${kind.kind}`);
  }
  const metadata = value["metadata"] ?? {};
  if (!isObject(metadata)) throw badRequest("metadata: must be an object");
  for (const key of ["name", "generateName", "namespace", "uid", "resourceVersion"]) {
    const text = metadata[key] ?? "";
    if (typeof text !== "string") throw badRequest(`metadata.${key}: ${JSON.stringify(text)} is no string`);
  }
  const name = metadata["name"];
  return {
    ...value,
    apiVersion,
    kind: kind.kind,
    metadata: { ...metadata, name: typeof name === "string" ? name : "" },
  };
}
