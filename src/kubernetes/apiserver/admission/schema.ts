import type * as z from "zod";
import type { Kind } from "../../resources/index.ts";
import { isObject, type Json, type JsonObject, withoutNulls } from "../json.ts";
import type { ApiObject } from "../object.ts";
import { badRequest, type Cause, invalid } from "../status.ts";
import { invalidValue, notSupported, required, typeInvalid } from "./causes.ts";

/** An object that meets its kind's schema, and the fields that the schema does not know. */
interface Admitted {
  readonly object: ApiObject;
  readonly unknownFields: readonly string[];
}

/**
 * Checks an object against its kind's schema and fills in the defaults. What the schema does not know is cut from a
 * custom resource, as its CustomResourceDefinition has it; in a built-in kind it stays, for Kubernetes has more fields
 * than Fairlead reads. Throws what a real server answers: for a built-in kind a wrong type is a bad request.
 */
export function admitted(kind: Kind, raw: ApiObject): Admitted {
  const candidate = withoutNulls(raw) as ApiObject;
  const parsed = kind.schema.safeParse(candidate);
  if (!parsed.success) throw refusal(kind, candidate, parsed.error.issues);
  // What zod makes of JSON is JSON.
  const shaped = parsed.data as unknown as JsonObject;
  const { metadata } = candidate;
  if (!kind.custom) return { object: { ...withDefaults(candidate, shaped), metadata } as ApiObject, unknownFields: [] };
  const unknownFields = Object.keys(candidate)
    .filter((key) => key !== "metadata")
    .flatMap((key) => unknownIn(candidate[key], shaped[key], key));
  return { object: { ...shaped, metadata } as ApiObject, unknownFields };
}

/** `raw` with what `shaped` has beyond it, at every depth. */
function withDefaults(raw: JsonObject, shaped: JsonObject): JsonObject {
  const merged: JsonObject = { ...raw };
  for (const [key, value] of Object.entries(shaped)) {
    const own = raw[key];
    if (own === undefined) {
      // A zod schema gives optional fields that are absent no key; one with the value undefined is no JSON.
      if ((value as Json | undefined) !== undefined) merged[key] = value;
    } else merged[key] = mergedValue(own, value);
  }
  return merged;
}

function mergedValue(own: Json, shaped: Json): Json {
  if (isObject(own) && isObject(shaped)) return withDefaults(own, shaped);
  if (!Array.isArray(own) || !Array.isArray(shaped)) return own;
  return own.map((each, index) => {
    const other = shaped[index];
    return other === undefined ? each : mergedValue(each, other);
  });
}

function unknownIn(own: Json | undefined, shaped: Json | undefined, path: string): string[] {
  if (own === undefined) return [];
  if (shaped === undefined) return [path];
  if (Array.isArray(own) && Array.isArray(shaped)) {
    return own.flatMap((each, index) => unknownIn(each, shaped[index], `${path}[${index}]`));
  }
  if (!isObject(own) || !isObject(shaped)) return [];
  return Object.entries(own).flatMap(([key, each]) => unknownIn(each, shaped[key], `${path}.${key}`));
}

function refusal(kind: Kind, object: ApiObject, issues: readonly z.core.$ZodIssue[]): Error {
  const wrongType = kind.custom
    ? undefined
    : issues.find((each) => each.code === "invalid_type" && given(each, object));
  if (wrongType !== undefined) {
    const { kind: name, version } = kind;
    const field = fieldOf(wrongType.path);
    return badRequest(`${name} in version "${version}" cannot be handled as a ${name}: ${field}: ${wrongType.message}`);
  }
  return invalid(
    kind,
    object.metadata.name,
    issues.map((issue) => causeOf(issue, object)),
  );
}

function given(issue: z.core.$ZodIssue, object: ApiObject): boolean {
  return valueOf(issue.path, object) !== undefined;
}

function causeOf(issue: z.core.$ZodIssue, object: ApiObject): Cause {
  const field = fieldOf(issue.path);
  const value = valueOf(issue.path, object);
  if (value === undefined) return required(field);
  switch (issue.code) {
    case "invalid_type": {
      const type = issue.expected === "int" ? "integer" : issue.expected === "record" ? "object" : issue.expected;
      return typeInvalid(field, typeNameOf(value), `${field} in body must be of type ${type}: "${typeNameOf(value)}"`);
    }
    case "invalid_value":
      return notSupported(field, value, issue.values.map(String));
    case "too_small":
      return invalidValue(field, value, `should be greater than or equal to ${issue.minimum}`);
    case "too_big":
      return invalidValue(field, value, `should be less than or equal to ${issue.maximum}`);
    default:
      return invalidValue(field, value, issue.message);
  }
}

function typeNameOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return value === null ? "null" : typeof value;
}

function fieldOf(path: readonly PropertyKey[]): string {
  let field = "";
  for (const step of path) {
    field += typeof step === "number" ? `[${step}]` : field === "" ? String(step) : `.${String(step)}`;
  }
  return field;
}

function valueOf(path: readonly PropertyKey[], object: ApiObject): Json | undefined {
  let value: Json | undefined = object;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as { [key: PropertyKey]: Json })[step];
  }
  return value;
}
