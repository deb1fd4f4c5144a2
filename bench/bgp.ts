// How long FRR takes to have all the prefixes of one peer, from the peer's OPEN; ours and Debian's BIRD by turns.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Frr, until } from "../test/interop/frr.ts";
import { enterOwnNamespace, Neighbour } from "../test/interop/namespaces.ts";
import { end, nowMs } from "./measured-process.ts";
import { Measurements } from "./measurements.ts";
import type { Benchmark, Table } from "./report.ts";
import { Vty } from "./vty.ts";

const runs = 7;

/** Needs root, FRR and BIRD. Moves the process into a network namespace of its own. */
export const bgp: Benchmark = {
  name: "bgp",
  about: "how long FRR takes to have all prefixes of one peer: Fairlead and BIRD by turns",
  async run(signal) {
    enterOwnNamespace();
    const tables: Table[] = [];
    for (const count of [1_000, 10_000]) tables.push(await compare(count, signal));
    return tables;
  },
};

/** One that announces prefixes, as a process of its own. */
interface Announcer {
  readonly name: string;
  start(count: number, folder: string): Promise<Started>;
}

interface Started {
  readonly process: ChildProcess;
  /** When it sent its OPEN, in ms since 1970; asked for when all is over. */
  openedAt(): Promise<number>;
}

interface Measured {
  readonly ms: number;
  readonly updates: number;
  readonly bytes: number;
}

async function compare(count: number, signal: AbortSignal): Promise<Table> {
  using neighbour = new Neighbour("bench", ["10.0.0.1/24"], ["10.0.0.2/24"]);
  await using frr = await Frr.start(neighbour.name, frrConfiguration);
  const announcers = [fairlead, bird];
  const measurements = new Measurements();
  for (let run = 0; run < runs; run++) {
    const measured: (Measured & { readonly name: string })[] = [];
    for (const announcer of announcers) {
      measured.push({ name: announcer.name, ...(await measure(announcer, count, frr, neighbour, signal)) });
    }
    for (const { name, ms } of measured) measurements.add(`${name}: OPEN to last prefix in FRR's table`, "ms", ms);
    for (const { name, updates } of measured) measurements.add(`${name}: UPDATE messages`, "", updates);
    for (const { name, bytes } of measured) measurements.add(`${name}: bytes to FRR`, "B", bytes);
  }
  return measurements.table(`${count} prefixes of one attribute set to one FRR`);
}

async function measure(
  announcer: Announcer,
  count: number,
  frr: Frr,
  { name }: Neighbour,
  signal: AbortSignal,
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
  using vty = new Vty(frr);
  const before = await updatesReceived(frr);
  const started = await announcer.start(count, folder);
  try {
    // Without a pause: FRR answers in less than the shortest that a timer has.
    while ((await vty.peer()).prefixes !== count) signal.throwIfAborted();
    const doneAt = nowMs();
    const updates = (await updatesReceived(frr)) - before;
    const bytes = bytesReceived(name);
    return { ms: doneAt - (await started.openedAt()), updates, bytes };
  } finally {
    await end(started.process, "SIGKILL");
    await rm(folder, { recursive: true });
    await until("FRR has let go", async () => !(await vty.peer()).established);
  }
}

const fairlead: Announcer = {
  name: "Fairlead",
  start(count) {
    const process = spawn(globalThis.process.execPath, [join(import.meta.dirname, "bgp-announcer.ts"), String(count)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const opened = once(process.stdout, "data").then(([data]) => Number(String(data)));
    return Promise.resolve({ process, openedAt: () => opened });
  },
};

const bird: Announcer = {
  name: "BIRD",
  async start(count, folder) {
    const file = (name: string) => join(folder, name);
    await writeFile(file("bird.conf"), birdConfiguration(count, file("log")));
    const args = ["-f", "-c", file("bird.conf"), "-s", file("ctl"), "-P", file("pid")];
    const process = spawn("bird", args, { stdio: ["ignore", "ignore", "inherit"] });
    // The log's times have microseconds.
    const openedAt = async () => {
      const line = /^(\S+ \S+) .*switch: Sending OPEN/m.exec(await readFile(file("log"), "utf8"));
      return Date.parse(`${line?.[1]?.slice(0, 23).replace(" ", "T")}`) + Number(line?.[1]?.slice(23)) / 1_000;
    };
    return { process, openedAt };
  },
};

function birdConfiguration(count: number, log: string): string {
  const routes = Array.from({ length: count }, (_, index) => {
    const value = 0xac100000 + index;
    return `route ${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}/32 blackhole;`;
  });
  return `
log "${log}" all;
timeformat log "%F %T.%6f";
router id 10.0.0.1;
protocol device {}
protocol static { ipv4; ${routes.join("\n")} }
protocol bgp switch {
  debug { states, packets };
  local 10.0.0.1 as 65211;
  neighbor 10.0.0.2 as 65210;
  passive yes;
  ipv4 { import none; export all; next hop self; };
}
`;
}

/**
 * `coalesce-time 0` suits BIRD, whose last UPDATEs wait until FRR has said something; FRR otherwise waits a second before
 * its first.
 */
const frrConfiguration = `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65211
 coalesce-time 0
 neighbor 10.0.0.1 timers connect 1
`;

async function updatesReceived(frr: Frr): Promise<number> {
  return Number(/"updatesRecv":\s*(\d+)/.exec(await frr.vtysh("show bgp neighbors 10.0.0.1 json"))?.[1]);
}

/** What TCP counted on FRR's side of the one connection there is. */
function bytesReceived(namespace: string): number {
  const shown = execFileSync("ip", ["netns", "exec", namespace, "ss", "-tinH", "state", "established"]);
  return Number(/bytes_received:(\d+)/.exec(String(shown))?.[1]);
}
