import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Workload } from "./workload.ts";

/** A BGP speaker at 10.0.0.1 that waits for 10.0.0.2, as a process of its own. */
export interface Announcer {
  readonly name: string;
  /** Beyond so many prefixes it is not told to announce again, for being told takes it too long. */
  readonly mostToldAgain: number;
  /** Started, with all routes in its table. */
  start(workload: Workload): Promise<RunningAnnouncer>;
}

export interface RunningAnnouncer extends AsyncDisposable {
  readonly pid: number;
  /** Withdraws all routes. */
  withdraw(): Promise<void>;
  /** Has all routes again; ends when the announcer has been told. */
  announce(): Promise<void>;
}

/** Processor time of all threads of a process, in ms (`schedstat` counts nanoseconds). */
export function processorMs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    } catch {
      // a thread that has ended since; what it did is lost, and was little
    }
  }
  return ns / 1e6;
}

export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) / 1_024;
}
