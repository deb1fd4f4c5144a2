import { readFile } from "node:fs/promises";

/** What the kernel has counted for a process so far. */
export interface ProcessFigures {
  /** Its own and the kernel's for it; proc_pid_stat(5), in the usual ticks of 10 ms. */
  readonly processorMs: number;
  readonly residentMiB: number;
  /** Of that, what is not a file's: the pages of a program that nobody uses the kernel drops, and reads again when they are. */
  readonly anonymousMiB: number;
}

export async function figuresOf(pid: number): Promise<ProcessFigures> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  // After the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return {
    processorMs: (Number(fields[11]) + Number(fields[12])) * 10,
    residentMiB: mib("VmRSS"),
    anonymousMiB: mib("RssAnon"),
  };
}
