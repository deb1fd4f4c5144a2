import type * as z from "zod";
import type { Kind, KubernetesObject } from "./kind.ts";

/** What is wrong with one field: `spec.addresses[0]`, the value found there, and what would be right. */
export interface FieldProblem {
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
}

export type Parsed<Value> =
  | { readonly ok: true; readonly object: Value }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Checks a value from outside against its kind, and fills in the kind's defaults. Unknown fields are dropped. */
export function parseObject<Value extends KubernetesObject>(kind: Kind<Value>, value: unknown): Parsed<Value> {
  const parsed = kind.schema.safeParse(value);
  if (parsed.success) return { ok: true, object: parsed.data };
  return { ok: false, problems: parsed.error.issues.map((issue) => problemOf(issue, value)) };
}

function problemOf(issue: z.core.$ZodIssue, root: unknown): FieldProblem {
  let value = root;
  let field = "";
  for (const step of issue.path) {
    value = value === null || typeof value !== "object" ? undefined : Reflect.get(value, step);
    field += typeof step === "number" ? `[${step}]` : field === "" ? String(step) : `.${String(step)}`;
  }
  return { field, value, expected: issue.message };
}
