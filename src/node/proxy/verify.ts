import { parseAddress, formatAddress } from "../../net/index.ts";
import type { Rules } from "./rules.ts";
import { bareTableName, emptyTable, protocols, type TableOptions } from "./table.ts";

const families = [4, 6] as const;
const compared = families.flatMap((family) => [
  ...["services", "local", "inside", "remembered"].map((name) => `${name}${family}`),
  ...protocols.flatMap((protocol) => ["endpoints", "inside-endpoints"].map((name) => `${name}${family}-${protocol}`)),
]);

/** The kernel's table: its chains as text, and a listing of its maps (and perhaps of others'). */
export interface Found {
  readonly text: string;
  readonly maps: readonly unknown[];
}

/**
 * Where the table differs from what should be there, in words; undefined where it does not. All elements of the maps
 * that steer packets are compared, and of the chains the number of their rules.
 */
export function differences(found: Found, rules: Rules, options: TableOptions): string | undefined {
  const foundRules = rulesIn(found.text);
  for (const [chain, count] of [...rulesIn(emptyTable(options)), ...rules.chains()]) {
    if (foundRules.get(chain) !== count) return `chain ${chain} has not its ${count} rules`;
  }
  const foundMaps = mapsFound(found.maps);
  for (const map of compared) {
    const elements = foundMaps.get(map) ?? new Map<string, string>();
    let count = 0;
    for (const [key, value] of rules.elements(map)) {
      count += 1;
      if (elements.get(key) !== value) return `map ${map} has not ${key} : ${value}`;
    }
    if (count !== elements.size) return `map ${map} has ${elements.size} elements, not ${count}`;
  }
  return undefined;
}

/** The number of rules of each chain in a table as text, ours or that of nft. */
function rulesIn(table: string): Map<string, number> {
  const counts = new Map<string, number>();
  let chain: string | undefined;
  for (const line of table.split("\n").map((each) => each.trim())) {
    const name = /^chain (\S+) \{$/.exec(line)?.[1];
    if (name !== undefined) counts.set((chain = name), 0);
    else if (line === "}") chain = undefined;
    else if (chain !== undefined && line !== "" && !line.startsWith("type ")) {
      counts.set(chain, (counts.get(chain) ?? 0) + 1);
    }
  }
  return counts;
}

function mapsFound(listing: readonly unknown[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const maps = new Map<string, Map<string, string>>();
  for (const object of listing) {
    const map = isObject(object) && isObject(object["map"]) ? object["map"] : undefined;
    if (map?.["table"] !== bareTableName || typeof map["name"] !== "string" || !Array.isArray(map["elem"])) continue;
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
