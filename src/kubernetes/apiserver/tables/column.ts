import { stringAt, type Json } from "../json.ts";
import type { ApiObject } from "../object.ts";

export interface Column {
  readonly name: string;
  readonly type?: "string" | "integer" | "boolean" | "date";
  /** `name` marks the column by which kubectl calls the object. */
  readonly format?: string;
  readonly description?: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  readonly cell: (object: ApiObject, nowMs: number) => Json;
}

export const nameColumn: Column = { name: "Name", format: "name", cell: (object) => object.metadata.name };

export const age: Column = {
  name: "Age",
  cell: (object, nowMs) => since(stringAt(object.metadata, "creationTimestamp"), nowMs),
};

/** How long ago, as kubectl says it; `<unknown>` when no time is known. */
export function since(time: string | undefined, nowMs: number): string {
  const at = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? "<unknown>" : humanDuration(nowMs - at);
}

/** Two units at most, and one where the second says little: 45s, 3m12s, 15m, 5h3m, 30h, 3d4h, 20d, 2y14d, 9y. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 8) return two(days, "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return hours < 24 * 365 * 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

function two(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`;
}

/** What kubectl shows for nothing. */
export const none = "<none>";

export function joined(texts: readonly string[], separator = ","): string {
  return texts.length === 0 ? none : texts.join(separator);
}
