import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../kubernetes/resources/index.ts";
import type { TrimmedObject } from "./written.ts";

/** One field of one object that is another now than it was. */
export interface ChangedField {
  /** `BGPPeer metallb-system/l3-switch` */
  readonly object: string;
  readonly field: string;
  /** As JSON, texts as they are; `nothing` where there was none. */
  readonly before: string;
  readonly value: string;
}

/** What was changed, by object and field; an object that is gone has nothing to be said on. */
export function changedFields(before: readonly TrimmedObject[], now: readonly TrimmedObject[]): ChangedField[] {
  const old = new Map(before.map((each) => [nameOf(each), each]));
  return now.flatMap((each): ChangedField[] => {
    const was = old.get(nameOf(each));
    if (was === undefined) return [{ object: nameOf(each), field: "spec", before: "nothing", value: "new" }];
    return [
      ...differences(nameOf(each), "metadata.labels", was.metadata.labels ?? {}, each.metadata.labels ?? {}),
      ...differences(nameOf(each), "spec", was.spec, each.spec),
    ];
  });
}

type Fields = Readonly<Record<string, unknown>>;

function differences(object: string, at: string, before: Fields, now: Fields): ChangedField[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return fields
    .filter((field) => !isDeepStrictEqual(before[field], now[field]))
    .map((field) => ({
      object,
      field: `${at}.${field}`,
      before: show(field, before[field]),
      value: show(field, now[field]),
    }));
}

function show(field: string, value: unknown): string {
  if (value === undefined) return "nothing";
  if (field === "password") return "a password";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function nameOf({ kind, metadata }: TrimmedObject): string {
  return `${kind} ${keyOf({ metadata })}`;
}
