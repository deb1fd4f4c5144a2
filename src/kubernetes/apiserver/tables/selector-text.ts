import { objectAt, objectsAt, stringAt, stringsAt, textOf, type JsonObject } from "../json.ts";
import { joined } from "./column.ts";

/** `app=web,tier=front`, sorted by key. */
export function labelsText(labels: JsonObject): string {
  return joined(equalities(labels));
}

/** A label selector (meta/v1) in the form that a query has. */
export function selectorText(selector: JsonObject): string {
  const expressions = objectsAt(selector, "matchExpressions").map((each) => {
    const key = stringAt(each, "key") ?? "";
    const values = `(${stringsAt(each, "values").sort().join(",")})`;
    switch (stringAt(each, "operator")) {
      case "In":
        return `${key} in ${values}`;
      case "NotIn":
        return `${key} notin ${values}`;
      case "DoesNotExist":
        return `!${key}`;
      default:
        return key;
    }
  });
  return joined([...equalities(objectAt(selector, "matchLabels")), ...expressions]);
}

function equalities(labels: JsonObject): string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .sort();
}
