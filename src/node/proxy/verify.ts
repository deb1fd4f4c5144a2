import { parseAddress, formatAddress } from "../../net/index.ts";
import type { Rules } from "./rules.ts";
import { emptyTable, protocols, type TableOptions } from "./table.ts";

const families = [4, 6] as const;
const compared = families.flatMap((family) => [
  ...["services", "local", "inside", "remembered"].map((name) => `${name}${family}`),
  ...protocols.flatMap((protocol) => ["endpoints", "inside-endpoints"].map((name) => `${name}${family}-${protocol}`)),
]);

/**
 * Where a listing of the table differs from what should be there, in words; undefined where it does not. All elements
 * of the maps that steer packets are compared, and of the chains the number of their rules.
 */
export function differences(listing: readonly unknown[], rules: Rules, options: TableOptions): string | undefined {
  const wantedRules = new Map([...rulesIn(emptyTable(options)), ...rules.chains()]);
  const foundRules = rulesFound(listing);
  for (const [chain, count] of wantedRules) {
    if ((foundRules.get(chain) ?? 0) !== count) return `chain ${chain} has not its ${count} rules`;
  }
  const foundMaps = mapsFound(listing);
  for (const map of compared) {
    const found = foundMaps.get(map) ?? new Map<string, string>();
    let count = 0;
    for (const [key, value] of rules.elements(map)) {
      count += 1;
      if (found.get(key) !== value) return `map ${map} has not ${key} : ${value}`;
    }
    if (count !== found.size) return `map ${map} has ${found.size} elements, not ${count}`;
  }
  return undefined;
}

/** The number of rules of each chain in a table as text. */
function rulesIn(table: string): Map<string, number> {
  const chains = table.matchAll(/^ {2}chain (\S+) \{\n([^}]*(?:\{[^}]*\}[^}]*)*?)\n {2}\}$/gm);
  return new Map(
    [...chains].map(([, name = "", body = ""]) => [
      name,
      body.split("\n").filter((line) => !/^ *type /.test(line)).length,
    ]),
  );
}

function rulesFound(listing: readonly unknown[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const object of listing) {
    const chain = isObject(object) && isObject(object["rule"]) ? object["rule"]["chain"] : undefined;
    if (typeof chain === "string") counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  return counts;
}

function mapsFound(listing: readonly unknown[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const maps = new Map<string, Map<string, string>>();
  for (const object of listing) {
    const map = isObject(object) && isObject(object["map"]) ? object["map"] : undefined;
    if (typeof map?.["name"] !== "string" || !Array.isArray(map["elem"])) continue;
    const pairs = map["elem"].filter((pair: unknown) => Array.isArray(pair));
    maps.set(map["name"], new Map(pairs.map(([key, value]): [string, string] => [textOf(key), textOf(value)])));
  }
  return maps;
}

/** As we write it: `{ concat: [A, 6, 80] }` is `A . 6 . 80`, `{ goto: { target } }` is `goto TARGET`. */
function textOf(value: unknown): string {
  if (!isObject(value)) return canonical(String(value));
  if (Array.isArray(value["concat"])) return value["concat"].map((part) => canonical(String(part))).join(" . ");
  if (isObject(value["goto"])) return `goto ${String(value["goto"]["target"])}`;
  return Object.keys(value).join();
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
