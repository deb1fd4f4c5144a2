import { execFileSync, fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { end, nowMs } from "../measured-process.ts";
import { Measurements } from "../measurements.ts";
import type { Table } from "../report.ts";
import { processorMs, residentMiB } from "./announcer.ts";

export const collectorAddress = 0x0a000001;

/** The address of a neighbour: all of 10.1.0.0/16 are this machine's. */
export function neighbourOf(index: number): number {
  return 0x0a010001 + index;
}

const sessions = 1_000;
const routes = 100_000;
/** How long a process has nothing to do before its memory is looked at. */
const settlingMs = 1_500;

/** Many sessions into one process, and many routes; the other side is one process of ours with an address for each. */
export async function collecting(runs: number, signal: AbortSignal): Promise<readonly Table[]> {
  for (const address of ["10.0.0.1/32", "10.1.0.1/16"]) execFileSync("ip", ["address", "add", address, "dev", "lo"]);
  const many = new Measurements();
  const full = new Measurements();
  for (let run = 0; run < runs; run++) {
    signal.throwIfAborted();
    await measureSessions(many);
    for (const inbound of ["count", "keep"] as const) await measureRoutes(inbound, full);
  }
  return [
    many.table(`${sessions} sessions into one process, from one process with an address for each`),
    full.table(`${routes} routes with 10 attribute sets into one process, over one session from Fairlead`),
  ];
}

async function measureSessions(measurements: Measurements): Promise<void> {
  await using collector = await start("collector-process.ts", sessions, "count");
  await wait(settlingMs);
  const before = await residentMiB(collector.pid);
  const workBefore = processorMs(collector.pid);
  const established = collector.says("established");
  const startedAt = nowMs();
  await using neighbours = await start("neighbours-process.ts", sessions);
  await established;
  measurements.add("start of the neighbours, to all established", "ms", nowMs() - startedAt);
  measurements.add("processor time of the collector for it", "ms", processorMs(collector.pid) - workBefore);
  await wait(settlingMs);
  const after = await residentMiB(collector.pid);
  measurements.add("resident, all peers configured, none connected", "MiB", before);
  measurements.add("resident, all established", "MiB", after);
  measurements.add("memory for each session", "KiB", ((after - before) * 1_024) / sessions);
  await neighbours.alive();
}

async function measureRoutes(inbound: "count" | "keep", measurements: Measurements): Promise<void> {
  await using collector = await start("collector-process.ts", 1, inbound, routes);
  const before = await residentMiB(collector.pid);
  const workBefore = processorMs(collector.pid);
  const established = collector.says("established").then(nowMs);
  const had = collector.says("routes");
  await using neighbours = await start("neighbours-process.ts", 1, routes);
  await had;
  measurements.add(`established, to all in: inbound "${inbound}"`, "ms", nowMs() - (await established));
  measurements.add(`processor time for it: inbound "${inbound}"`, "ms", processorMs(collector.pid) - workBefore);
  await wait(settlingMs);
  measurements.add(
    `more resident than before: inbound "${inbound}"`,
    "MiB",
    (await residentMiB(collector.pid)) - before,
  );
  await neighbours.alive();
}

interface Started extends AsyncDisposable {
  readonly pid: number;
  says(word: string): Promise<void>;
  /** Throws if it has ended. */
  alive(): Promise<void>;
}

async function start(program: string, ...args: readonly (string | number)[]): Promise<Started> {
  const child: ChildProcess = fork(join(import.meta.dirname, program), args.map(String), { execArgv: [] });
  const says = async (word: string) => {
    for (;;) {
      const [said] = (await once(child, "message")) as [unknown];
      if (said === word) return;
    }
  };
  if (program.startsWith("collector")) await says("ready");
  return {
    pid: child.pid ?? 0,
    says,
    alive: () => (child.exitCode === null ? Promise.resolve() : Promise.reject(new Error(`${program} has ended`))),
    [Symbol.asyncDispose]: () => end(child, "SIGKILL"),
  };
}
