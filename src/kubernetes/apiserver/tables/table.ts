import type { Kind } from "../../resources/index.ts";
import type { Json, JsonObject } from "../json.ts";
import { parseStored, resourceKey, type ApiObject } from "../object.ts";
import type { ObjectList } from "../reader.ts";
import { builtInColumns } from "./built-in.ts";
import { age, nameColumn, type Column } from "./column.ts";
import { customColumns } from "./custom.ts";

export interface TableOptions {
  /** How much of each object goes with its row. */
  readonly include: "None" | "Metadata" | "Object";
  readonly withColumns: boolean;
}

/** The columns that `kubectl get` shows of a kind; those that are wide only with `-o wide`. */
function columnsOf(kind: Kind): readonly Column[] {
  const builtIn = builtInColumns(resourceKey(kind));
  if (builtIn !== undefined) return builtIn;
  return kind.columns.length > 0 ? customColumns(kind) : [nameColumn, age];
}

/** The text of a Table (meta.k8s.io/v1) with a row for each object. */
export function tableText(kind: Kind, { metadata, texts }: ObjectList, { include, withColumns }: TableOptions): string {
  const columns = columnsOf(kind);
  const nowMs = Date.now();
  const rows = texts.map((text) => {
    const object = parseStored(text);
    return { cells: columns.map((column) => column.cell(object, nowMs)), ...shownObject(object, include) };
  });
  return JSON.stringify({
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withColumns ? columns.map(definition) : null,
    rows,
  });
}

function definition({ name, type = "string", format = "", description = "", wide = false }: Column): JsonObject {
  return { name, type, format, description: description || name, priority: wide ? 1 : 0 };
}

function shownObject(object: ApiObject, include: TableOptions["include"]): { object?: Json } {
  if (include === "None") return {};
  if (include === "Object") return { object };
  return { object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata } };
}
