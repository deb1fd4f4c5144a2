import { setPriority } from "node:os";
import { libc } from "../libc/index.ts";

export type ThreadPriority = "real-time" | "nice" | "normal";

const roundRobin = 2;
/** SCHED_RESET_ON_FORK: what this thread starts runs as others do. */
const resetOnFork = 0x40000000;

/**
 * Puts the calling thread before others at the processor, as far as that is permitted (CAP_SYS_NICE), and says how far
 * that was. Niceness alone counts only within one control group or session; real time counts everywhere, and the kernel
 * keeps a twentieth of each second for the rest.
 */
export function raiseThreadPriority(): ThreadPriority {
  const lowestRealTime = Int32Array.of(1);
  if (libc().sched_setscheduler(0, roundRobin | resetOnFork, lowestRealTime) === 0) return "real-time";
  try {
    setPriority(0, -20); // on Linux, 0 is the calling thread alone
    return "nice";
  } catch {
    return "normal"; // not permitted: that is no failure, and the caller is told
  }
}
