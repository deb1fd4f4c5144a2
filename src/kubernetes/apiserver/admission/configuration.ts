import { objectAt, sameJson, stringAt, textOf } from "../json.ts";
import { ensureObject, setDefault, type ApiObject } from "../object.ts";
import type { Cause } from "../status.ts";
import { forbiddenField, invalidValue } from "./causes.ts";

/** `stringData` is for writing only: its texts become base64 in `data`. */
export function defaultSecret(secret: ApiObject): void {
  setDefault(secret, "type", "Opaque");
  const texts = objectAt(secret, "stringData");
  delete secret["stringData"];
  for (const [key, text] of Object.entries(texts)) {
    ensureObject(secret, "data")[key] = Buffer.from(textOf(text)).toString("base64");
  }
}

export function secretProblems(secret: ApiObject, old: ApiObject | undefined): Cause[] {
  const problems = immutabilityProblems(secret, old);
  for (const [key, value] of Object.entries(objectAt(secret, "data"))) {
    const encoded = stringAt({ value }, "value") ?? "";
    const canonical = Buffer.from(encoded, "base64").toString("base64") === encoded;
    if (!canonical) problems.push(invalidValue(`data[${key}]`, "<secret>", "must be base64"));
  }
  if (old !== undefined && secret["type"] !== old["type"]) {
    problems.push(invalidValue("type", secret["type"], "field is immutable"));
  }
  return problems;
}

/** A ConfigMap or Secret that says `immutable` keeps its data, and stays so. */
export function immutabilityProblems(object: ApiObject, old: ApiObject | undefined): Cause[] {
  if (old?.["immutable"] !== true) return [];
  const detail = "field is immutable when `immutable` is set";
  const changed = ["data", "binaryData"].filter((key) => !sameJson(object[key], old[key]));
  return [
    ...(object["immutable"] === true ? [] : [forbiddenField("immutable", detail)]),
    ...changed.map((key) => forbiddenField(key, detail)),
  ];
}
