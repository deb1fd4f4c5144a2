import { existsSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { libc } from "../linux/libc/index.ts";
import { afterWork } from "./after-work.ts";

/** It takes a fifth of a millisecond when there is something to give back, and next to nothing when there is not. */
const everyMs = 2_000;

/** Keeps the memory of this process at what it uses, for as long as it runs. */
export function keepMemorySmall(): void {
  keepYoungHeapSmall();
  setInterval(giveBackWhatWasFreed, everyMs).unref();
  keepProgramSmall();
}

/** Keeps the part of Node.js's program that is in memory at what is used of it. */
export function keepProgramSmall(): void {
  // Not every kernel says what is in memory (CONFIG_PROC_PAGE_MONITOR).
  if (existsSync(smaps)) afterWork(giveBackProgram);
}

/**
 * Keeps what V8 collects first as small as it begins. It would grow to three times 16 MiB when a thousand objects come at
 * once, and never shrink: a fifth of an agent's memory, on every node, that saves it no measurable time.
 */
function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * The C library keeps what was freed, of each thread by itself: 5 MiB that V8's threads have compiled in, and 190 MiB
 * after libnftables has been given a table of 10,000 Services (malloc_trim(3)).
 */
function giveBackWhatWasFreed(): void {
  libc().malloc_trim(0);
}

const smaps = "/proc/self/smaps";
const MADV_DONTNEED = 4;

/**
 * Gives back the pages of Node.js's program, of which the start needs many, to compile some, and what goes on all the time
 * few. Those that are used again the kernel maps again, some fifteen at a time, from its cache of the file as long as there
 * is room for that (madvise(2), proc_pid_smaps(5)). Exported for its test.
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
