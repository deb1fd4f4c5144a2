import type { Kind } from "../resources/index.ts";
import type { JsonObject } from "./json.ts";
import type { Shape } from "./media-type.ts";
import { parseStored } from "./object.ts";
import { listText, type ObjectList } from "./reader.ts";
import { tableText, type TableOptions } from "./tables/table.ts";

export function showObject(kind: Kind, text: string, shape: Shape, query: URLSearchParams): string {
  switch (shape) {
    case "object":
      return text;
    case "table": {
      const { resourceVersion = null } = parseStored(text).metadata;
      return tableText(kind, { metadata: { resourceVersion }, texts: [text] }, tableOptions(query));
    }
    case "metadata":
      return JSON.stringify(partial(text));
  }
}

export function showList(kind: Kind, list: ObjectList, shape: Shape, query: URLSearchParams): string {
  switch (shape) {
    case "object":
      return listText(kind, list);
    case "table":
      return tableText(kind, list, tableOptions(query));
    case "metadata": {
      const items = list.texts.map(partial);
      const type = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" };
      return JSON.stringify({ ...type, metadata: list.metadata, items });
    }
  }
}

/** Only the first table of a watch names its columns. */
export function watchShow(kind: Kind, shape: Shape, query: URLSearchParams): (text: string) => string {
  let first = true;
  return (text) => {
    if (shape !== "table") return showObject(kind, text, shape, query);
    const { resourceVersion = null } = parseStored(text).metadata;
    const options = { ...tableOptions(query), withColumns: first };
    first = false;
    return tableText(kind, { metadata: { resourceVersion }, texts: [text] }, options);
  };
}

function tableOptions(query: URLSearchParams): TableOptions {
  const include = query.get("includeObject");
  return { include: include === "None" || include === "Object" ? include : "Metadata", withColumns: true };
}

function partial(text: string): JsonObject {
  const { metadata } = parseStored(text);
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}
