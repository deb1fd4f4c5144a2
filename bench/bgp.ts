// How long FRR takes to have all the prefixes of one peer, from the peer's OPEN; ours and Debian's BIRD by turns.
import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Frr, until } from "../test/interop/frr.ts";
import { enterOwnNamespace, Neighbour } from "../test/interop/namespaces.ts";

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const runs = 7;
const summary = "show bgp ipv4 unicast summary json";

export const bgp = {
  name: "bgp",
  /** Needs root, FRR and BIRD. Moves the process into a network namespace of its own. */
  async run(): Promise<Table[]> {
    enterOwnNamespace();
    const tables: Table[] = [];
    for (const count of [1_000, 10_000]) tables.push(await compare(count));
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

async function compare(count: number): Promise<Table> {
  using neighbour = new Neighbour("bench", ["10.0.0.1/24"], ["10.0.0.2/24"]);
  await using frr = await Frr.start(neighbour.name, frrConfiguration);
  const announcers = [fairlead, bird];
  const measured = new Map<Announcer, Measured[]>(announcers.map((announcer) => [announcer, []]));
  for (let run = 0; run < runs; run++) {
    for (const announcer of announcers) measured.get(announcer)?.push(await measure(announcer, count, frr, neighbour));
  }
  return {
    title: `${count} prefixes of one attribute set to FRR ${await version(frr)}, ${runs} runs by turns`,
    columns: ["speaker", "OPEN to last prefix in FRR's table, ms: median", "least to most", "UPDATEs", "bytes to FRR"],
    rows: [...measured].map(([{ name }, all]) => {
      const times = all.map(({ ms }) => ms).sort((a, b) => a - b);
      const of = (index: number) => (times[index] ?? Number.NaN).toFixed(1);
      const updates = range(all.map((each) => each.updates));
      return [name, of(runs >> 1), `${of(0)} to ${of(runs - 1)}`, updates, range(all.map((each) => each.bytes))];
    }),
  };
}

async function measure(announcer: Announcer, count: number, frr: Frr, { name }: Neighbour): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
  const vty = new Vty(join(frr.folder, "bgpd.vty"));
  const before = await updatesReceived(frr);
  const started = await announcer.start(count, folder);
  try {
    while (!(await vty.ask(summary)).includes(`"pfxRcd":${count},`));
    const doneAt = performance.timeOrigin + performance.now();
    const updates = (await updatesReceived(frr)) - before;
    const bytes = bytesReceived(name);
    return { ms: doneAt - (await started.openedAt()), updates, bytes };
  } finally {
    const exited = once(started.process, "exit");
    started.process.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
    await until("FRR has let go", async () => !(await vty.ask(summary)).includes('"state":"Established"'));
    vty.close();
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

/** bgpd's own socket: a command with a zero after it, an answer with three zeros and a status. Cheaper than vtysh. */
class Vty {
  readonly #socket;
  #answer = "";
  #answered: ((answer: string) => void) | undefined;

  constructor(path: string) {
    this.#socket = connect({ path });
    this.#socket.on("data", (data) => {
      this.#answer += data.toString("latin1");
      if (!this.#answer.slice(0, -1).endsWith("\0\0\0")) return;
      this.#answered?.(this.#answer.replaceAll(/\s/g, ""));
      this.#answer = "";
    });
  }

  ask(command: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#answered = resolve;
    this.#socket.write(`${command}\0`);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function updatesReceived(frr: Frr): Promise<number> {
  return Number(/"updatesRecv":\s*(\d+)/.exec(await frr.vtysh("show bgp neighbors 10.0.0.1 json"))?.[1]);
}

/** What TCP counted on FRR's side of the one connection there is. */
function bytesReceived(namespace: string): number {
  const shown = execFileSync("ip", ["netns", "exec", namespace, "ss", "-tinH", "state", "established"]);
  return Number(/bytes_received:(\d+)/.exec(String(shown))?.[1]);
}

async function version(frr: Frr): Promise<string> {
  return /FRRouting (\S+)/.exec(await frr.vtysh("show version"))?.[1] ?? "?";
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least} to ${most}`;
}

if (import.meta.main) {
  for (const { title, columns, rows } of await bgp.run()) {
    process.stdout.write(`${title}\n${[columns, ...rows].map((row) => `  ${row.join(" | ")}\n`).join("")}\n`);
  }
}
