import { existsSync, readFileSync } from "node:fs";
import { libc } from "../libc/index.ts";

const smaps = "/proc/self/smaps";
const MADV_DONTNEED = 4;

/** Not every kernel says what is in memory (CONFIG_PROC_PAGE_MONITOR). */
export function canGiveBackProgram(): boolean {
  return existsSync(smaps);
}

/**
 * Gives back the pages of Node.js's program, of which the start needs many, to compile some, and what goes on all the time
 * few. Those that are used again the kernel maps again, some fifteen at a time, from its cache of the file as long as there
 * is room for that (madvise(2), proc_pid_smaps(5)).
 */
export function giveBackProgram(): void {
  for (const mapping of readFileSync(smaps, "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [line = ""] = mapping.split("\n", 1);
    const [, from, to] = readOnly.exec(line) ?? [];
    if (from === undefined || !line.endsWith(` ${process.execPath}`) || !nothingWritten.test(mapping)) continue;
    const address = BigInt(`0x${from}`);
    libc().madvise(address, BigInt(`0x${to}`) - address, MADV_DONTNEED);
  }
}

const readOnly = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p /;
/** What the loader wrote before it protected a part would be lost. */
const nothingWritten = /^Anonymous: +0 kB$/m;
