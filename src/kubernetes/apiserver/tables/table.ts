import type { Kind } from "../../resources/index.ts";
import type { ObjectList } from "../reader.ts";
export interface TableOptions {
  readonly include: "None" | "Metadata" | "Object";
  readonly withColumns: boolean;
}
export function tableText(_kind: Kind, _list: ObjectList, _options: TableOptions): string {
  throw new Error("later");
}
