import { writeFile } from "node:fs/promises";
import { asns } from "../corpus/bgp-bytes.ts";
import type { BgpCase } from "../corpus/bgp-case.ts";
import { Frr, until } from "./frr.ts";
import { Program } from "./peer-implementation.ts";

/** One of the sessions that a router is to wait for. */
export interface Caller {
  readonly address: string;
  readonly case: BgpCase;
}

/** A router with a passive session for each caller. Addresses are those of the callers. */
export interface MalformedRouter extends AsyncDisposable {
  established(): Promise<ReadonlySet<string>>;
  /** By `address prefix`: the route's MULTI_EXIT_DISC, 0 if it has none. */
  routes(): Promise<ReadonlyMap<string, number>>;
}

interface FrrPath {
  readonly peerId: string;
  readonly metric?: number;
}

export async function frrFor(namespace: string, callers: readonly Caller[]): Promise<MalformedRouter> {
  const lines = callers.flatMap(({ address, case: { session } }) => [
    ` neighbor ${address} remote-as ${session === "internal" ? asns.asked : asns.us}`,
    ` neighbor ${address} passive`,
    ` neighbor ${address} timers 30 90`,
  ]);
  const activated = callers.map(({ address }) => `  neighbor ${address} activate`);
  const frr = await Frr.start(
    namespace,
    [
      `router bgp ${asns.asked}`,
      " bgp router-id 1.1.1.1",
      " no bgp ebgp-requires-policy",
      ...lines,
      ...[4, 6].flatMap((family) => [` address-family ipv${family} unicast`, ...activated, " exit-address-family"]),
      "",
    ].join("\n"),
  );
  return {
    async established() {
      const shown = (await frr.show("bgp ipv4 unicast summary")) as { peers?: Record<string, { state: string }> }; // FRR's form
      const peers = Object.entries(shown.peers ?? {});
      return new Set(peers.filter(([, { state }]) => state === "Established").map(([address]) => address));
    },
    async routes() {
      const found = new Map<string, number>();
      for (const family of [4, 6]) {
        const { routes = {} } = (await frr.show(`bgp ipv${family} unicast`)) as { routes?: Record<string, FrrPath[]> }; // FRR's form
        for (const [prefix, paths] of Object.entries(routes)) {
          for (const { peerId, metric = 0 } of paths) found.set(`${peerId} ${prefix}`, metric);
        }
      }
      return found;
    },
    [Symbol.asyncDispose]: () => frr[Symbol.asyncDispose](),
  };
}

export async function birdFor(namespace: string, callers: readonly Caller[]): Promise<MalformedRouter> {
  const program = await Program.in(namespace);
  const nameOf = (index: number) => `caller${index}`;
  const protocols = callers.map(({ address, case: { session } }, index) =>
    [
      `protocol bgp ${nameOf(index)} {`,
      `  local 10.0.0.2 as ${asns.asked}; neighbor ${address} as ${session === "internal" ? asns.asked : asns.us};`,
      "  passive yes; direct; hold time 90;",
      "  ipv4 { import all; export none; }; ipv6 { import all; export none; };",
      "}",
    ].join("\n"),
  );
  await writeFile(program.file("bird.conf"), `router id 1.1.1.1;\nprotocol device {}\n${protocols.join("\n")}\n`);
  program.start("bird", "-f", "-c", program.file("bird.conf"), "-s", program.file("ctl"), "-P", program.file("pid"));
  const ask = (...question: readonly string[]) => program.ask("birdc", "-s", program.file("ctl"), ...question);
  const addressOf = new Map(callers.map(({ address }, index) => [nameOf(index), address]));
  await until("BIRD answers", () =>
    ask("show", "status").then(
      () => true,
      () => false,
    ),
  );
  return {
    async established() {
      const shown = await ask("show", "protocols");
      const names = [...shown.matchAll(/^(\w+) .*Established/gm)].map(([, name = ""]) => addressOf.get(name) ?? "");
      return new Set(names);
    },
    async routes() {
      const found = new Map<string, number>();
      for (const family of [4, 6]) {
        let prefix = "";
        let name = "";
        for (const line of (await ask("show", "route", "table", `master${family}`, "all")).split("\n")) {
          prefix = /^(\S+\/\d+)\s/.exec(line)?.[1] ?? prefix;
          const begun = /\[(caller\d+) /.exec(line)?.[1];
          if (begun !== undefined) {
            name = begun;
            found.set(`${addressOf.get(name) ?? ""} ${prefix}`, 0);
          }
          const med = /^\s*BGP\.med: (\d+)/.exec(line)?.[1];
          if (med !== undefined) found.set(`${addressOf.get(name) ?? ""} ${prefix}`, Number(med));
        }
      }
      return found;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
