import { createHash } from "node:crypto";
import { nameOf, tableName } from "./table.ts";

/** A chain or map beside the fixed ones of the table. Its name says all that is in it; it is made and removed whole. */
export interface Fixture {
  readonly kind: "chain" | "map";
  readonly name: string;
  /** A chain's rules, or what a map is declared as. */
  readonly content: readonly string[];
  /** Those that this one refers to. */
  readonly needs: readonly Fixture[];
  /** True for what only few services share: it goes when the last of them goes. */
  readonly removed: boolean;
}

/** Where the clients of one port of a service are written down with their backends, those that listen on one port. */
export interface Memory {
  readonly port: string;
  readonly map: Fixture;
  readonly remember: Fixture;
}

/**
 * A memory of one port of a service, `id`. nftables 1.0.6 has room for 16 bytes of key and 16 of data in a map that
 * packets write to (and ends the process beyond that), which is an IPv6 address each: hence a map for each service, and
 * for each port on which its backends listen, nearly always one.
 */
export function memoryOf(family: 4 | 6, id: string, seconds: number, port: string): Memory {
  const ip = nameOf(family);
  const map: Fixture = {
    kind: "map",
    name: `affinity${family}-${id}-${port}-${seconds}s`,
    content: [
      `type ipv${family}_addr : ipv${family}_addr`,
      "flags dynamic, timeout",
      `timeout ${seconds}s`,
      "size 1048576",
    ],
    needs: [],
    removed: true,
  };
  // Each packet from a client passes here after its destination was translated. An element that exists keeps its
  // backend and its time begins anew.
  const remember = chain(`remember-${map.name}`, [`update @${map.name} { ${ip} saddr : ${ip} daddr }`], [map]);
  return { port, map, remember };
}

/** For services with two lists: what comes from inside the cluster is written down apart, or alone. */
export function rememberApart(family: 4 | 6, inside: Memory, outside: Memory | undefined): Fixture {
  const rest = outside === undefined ? [] : [outside.remember];
  return chain(
    `remember-${outside === undefined ? "only" : "apart"}-${inside.map.name}`,
    [
      `${nameOf(family)} saddr @pods${family} goto ${inside.remember.name}`,
      `fib saddr type local goto ${inside.remember.name}`,
      ...rest.map(({ name }) => `goto ${name}`),
    ],
    [inside.remember, ...rest],
  );
}

/** Takes one of `count` backends of a list at random, or the one that a memory has for the client. */
export function pick(
  family: 4 | 6,
  protocol: string,
  list: "endpoints" | "inside-endpoints",
  count: number,
  memories: readonly Memory[],
): Fixture {
  const ip = nameOf(family);
  const frontend = `${ip} daddr . meta l4proto . th dport`;
  const any: Fixture = {
    kind: "chain",
    name: `pick${list === "endpoints" ? "" : "-inside"}${family}-${protocol}-${count}`,
    content: [`dnat ${ip} to ${frontend} . numgen random mod ${count} map @${list}${family}-${protocol}`],
    needs: [],
    removed: false,
  };
  if (memories.length === 0) return any;
  return chain(
    `${any.name}-${hashOf(...memories.map(({ map }) => map.name))}`,
    [
      ...memories.map(
        ({ map, port }) => `meta l4proto ${protocol} dnat ${ip} to ${ip} saddr map @${map.name} : ${port}`,
      ),
      `goto ${any.name}`,
    ],
    [any, ...memories.map(({ map }) => map)],
  );
}

/** Marks packets for masquerading before they go to `next`: all, or those that are not from pods. */
export function masquerade(family: 4 | 6, who: "everyone" | "outsiders", next: Fixture): Fixture {
  const outsiders = `${nameOf(family)} saddr != @pods${family} `;
  return {
    kind: "chain",
    name: `masquerade-${who}-${next.name}`,
    content: [`${who === "outsiders" ? outsiders : ""}jump masquerade${family}`, `goto ${next.name}`],
    needs: [next],
    removed: next.removed,
  };
}

/** Drops what does not come from one of the prefixes; the rest goes on as the verdict `next` says. */
export function allow(family: 4 | 6, prefixes: readonly string[], next: string, needs: readonly Fixture[]): Fixture {
  const admitted = [`${nameOf(family)} saddr != { ${prefixes.join(", ")} } drop`, next];
  return chain(`allow${family}-${hashOf(next, ...prefixes)}`, prefixes.length === 0 ? ["drop"] : admitted, needs);
}

export function hashOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 16);
}

function chain(name: string, content: readonly string[], needs: readonly Fixture[]): Fixture {
  return { kind: "chain", name, content, needs, removed: true };
}

/** The commands that make it; all that it needs is there before. */
export function makingOf({ kind, name, content }: Fixture): string[] {
  if (kind === "map") return [`add map ${tableName} ${name} { ${content.join("; ")}; }`];
  return [`add chain ${tableName} ${name}`, ...content.map((rule) => `add rule ${tableName} ${name} ${rule}`)];
}

/** The commands that remove it; what refers to it is gone before. */
export function removalOf({ kind, name }: Fixture): string[] {
  if (kind === "map") return [`delete map ${tableName} ${name}`];
  return [`flush chain ${tableName} ${name}`, `delete chain ${tableName} ${name}`];
}
