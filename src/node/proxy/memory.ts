import type { Frontend } from "./frontends.ts";
import { memoriesOf, type Element } from "./parts.ts";
import { elementLines } from "./rules.ts";
import { bareTableName } from "./table.ts";

/** Which backend's address a client is written down with, in which map, and for how long still. */
export interface Remembered {
  readonly map: string;
  readonly client: string;
  readonly backend: string;
  readonly expiresSeconds: number;
}

/** The backends' addresses that each map of clients may hold, for these frontends. */
export function mapsOf(frontends: Iterable<Frontend>): ReadonlyMap<string, ReadonlySet<string>> {
  const maps = new Map<string, Set<string>>();
  for (const frontend of frontends) {
    for (const target of [frontend.target, frontend.inside?.target]) {
      for (const { map, port } of memoriesOf(frontend, target).values()) {
        const addresses = maps.get(map.name) ?? new Set();
        maps.set(map.name, addresses);
        for (const backend of target?.kind === "backends" ? target.backends : []) {
          if (backend.endsWith(` . ${port}`)) addresses.add(backend.slice(0, backend.indexOf(" ")));
        }
      }
    }
  }
  return maps;
}

/** What the maps of clients hold, from a listing of them among others. */
export function rememberedIn(listing: readonly unknown[]): Remembered[] {
  return listing.flatMap((object) => {
    const map = isObject(object) && isObject(object["map"]) ? object["map"] : undefined;
    const name = map?.["name"];
    if (
      map?.["table"] !== bareTableName ||
      typeof name !== "string" ||
      !name.startsWith("affinity") ||
      !Array.isArray(map["elem"])
    )
      return [];
    return map["elem"].flatMap((pair: unknown) => rememberedOf(name, pair) ?? []);
  });
}

/** `[{ elem: { val: CLIENT, timeout, expires } }, BACKEND]` */
function rememberedOf(map: string, pair: unknown): Remembered | undefined {
  if (!Array.isArray(pair) || !isObject(pair[0]) || !isObject(pair[0]["elem"])) return undefined;
  const { val: client, expires } = pair[0]["elem"];
  const backend: unknown = pair[1];
  if (typeof client !== "string" || typeof backend !== "string" || typeof expires !== "number") return undefined;
  return { map, client, backend, expiresSeconds: expires };
}

/** For a table that is made anew: what was remembered and still may be. */
export function restored(
  remembered: readonly Remembered[],
  maps: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Element[] {
  return remembered.flatMap(({ map, client, backend, expiresSeconds }) =>
    maps.get(map)?.has(backend) === true && expiresSeconds > 0
      ? [{ into: map, key: `${client} expires ${expiresSeconds}s`, value: backend }]
      : [],
  );
}

/**
 * The transaction that forgets clients of backends to which no more is sent. It runs after the one that took the backend
 * away, so that none is written down afterwards. Each is added before it is deleted: it may have expired by now, and to
 * delete what is not there would refuse the whole.
 */
export function forgetting(remembered: readonly Remembered[], maps: ReadonlyMap<string, ReadonlySet<string>>): string {
  const gone = remembered.filter(({ map, backend }) => maps.get(map)?.has(backend) === false);
  const elements = gone.map(({ map, client, backend }) => ({ into: map, key: client, value: backend }));
  return [...elementLines("add", elements), ...elementLines("delete", elements)].join("\n");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
