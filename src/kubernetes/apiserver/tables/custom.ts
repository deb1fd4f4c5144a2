import type { Kind } from "../../resources/index.ts";
import { stringAt, textOf, type Json } from "../json.ts";
import { valueAt } from "../object.ts";
import { nameColumn, since, type Column } from "./column.ts";

/** The columns that a CustomResourceDefinition names (`additionalPrinterColumns`), after the name. */
export function customColumns(kind: Kind): Column[] {
  const columns = kind.columns.map(({ name, type, jsonPath, wide = false }): Column => {
    const path = jsonPath.replace(/^\./, "");
    return {
      name,
      type,
      wide,
      cell: (object, nowMs) => {
        const value = valueAt(object, path) ?? null;
        return type === "date" ? since(stringAt({ value }, "value"), nowMs) : cellOf(value, type);
      },
    };
  });
  return [nameColumn, ...columns];
}

/** A value of another type than its column's is left out; lists and objects are shown as JSON. */
function cellOf(value: Json, type: "string" | "integer" | "boolean"): Json {
  if (value === null) return null;
  if (type === "string") return textOf(value);
  return typeof value === (type === "integer" ? "number" : "boolean") ? value : null;
}
