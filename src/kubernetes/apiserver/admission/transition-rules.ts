import { isDeepStrictEqual } from "node:util";
import { openApiSchema, type Kind } from "../../resources/index.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { ApiObject } from "../object.ts";
import type { Cause } from "../status.ts";
import { invalidValue } from "./causes.ts";

interface FixedField {
  readonly path: readonly string[];
  readonly message: string;
}

const fixedFieldsOf = new WeakMap<Kind, readonly FixedField[]>();

/**
 * Kubernetes evaluates `x-kubernetes-validations` in CEL. Fairlead's kinds have one such rule, `self == oldSelf`; it is
 * not asked where the field comes or goes. A kind with another rule would be let through, so there may be none.
 */
export function transitionProblems(kind: Kind, object: ApiObject, old: ApiObject): Cause[] {
  if (!kind.custom) return [];
  let fields = fixedFieldsOf.get(kind);
  if (fields === undefined) fixedFieldsOf.set(kind, (fields = fixedFields(openApiSchema(kind), [])));
  return fields.flatMap(({ path, message }) => {
    const [value, before] = [valueAt(object, path), valueAt(old, path)];
    if (value === undefined || before === undefined || isDeepStrictEqual(value, before)) return [];
    return [invalidValue(path.join("."), value, message)];
  });
}

function fixedFields(schema: Readonly<Record<string, unknown>>, path: readonly string[]): FixedField[] {
  const rules = (schema["x-kubernetes-validations"] ?? []) as readonly { rule: string; message: string }[];
  const other = rules.find(({ rule }) => rule !== "self == oldSelf");
  if (other !== undefined) throw new Error(`the rule ${other.rule} at ${path.join(".")} is not known here`);
  const inner = (schema["properties"] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return [
    ...rules.map(({ message }) => ({ path, message })),
    ...Object.entries(inner).flatMap(([name, each]) => fixedFields(each, [...path, name])),
  ];
}

function valueAt(object: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return value;
}
