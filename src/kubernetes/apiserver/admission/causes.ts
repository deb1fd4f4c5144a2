import type { Json } from "../json.ts";
import type { Cause } from "../status.ts";

/** What may be wrong with a field, in the words of Kubernetes' field validation. */

export function required(field: string, detail = ""): Cause {
  return { reason: "FieldValueRequired", message: `Required value${detail === "" ? "" : `: ${detail}`}`, field };
}

export function invalidValue(field: string, value: Json | undefined, detail: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown(value)}: ${detail}`, field };
}

export function typeInvalid(field: string, value: Json | undefined, detail: string): Cause {
  return { reason: "FieldValueTypeInvalid", message: `Invalid value: ${shown(value)}: ${detail}`, field };
}

export function notSupported(field: string, value: Json | undefined, supported: readonly string[]): Cause {
  const listed = supported.map((each) => JSON.stringify(each)).join(", ");
  const message = `Unsupported value: ${shown(value)}: supported values: ${listed}`;
  return { reason: "FieldValueNotSupported", message, field };
}

export function duplicate(field: string, value: Json): Cause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${shown(value)}`, field };
}

export function forbiddenField(field: string, detail: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

function shown(value: Json | undefined): string {
  return JSON.stringify(value ?? null);
}
