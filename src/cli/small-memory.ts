import { setFlagsFromString } from "node:v8";
import { libc } from "../linux/libc/index.ts";
import { canGiveBackProgram, giveBackProgram } from "../linux/program-memory/index.ts";
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
  if (canGiveBackProgram()) afterWork(giveBackProgram);
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
