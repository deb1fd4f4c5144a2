import type { Clock } from "../protocols/clock/index.ts";

/** By so much the machine's clock may drift from ours before it counts as set. */
const driftMs = 1_000;

/**
 * Dates of moments of `clock`: one moment has one date however often it is asked for, until the machine's own clock
 * (`wallMs`) is set.
 */
export function steadyDates(clock: Pick<Clock, "now">, wallMs: () => number = Date.now): (moment: number) => Date {
  let epochMs = wallMs() - clock.now();
  return (moment) => {
    const nowMs = wallMs() - clock.now();
    if (Math.abs(nowMs - epochMs) > driftMs) epochMs = nowMs;
    return new Date(epochMs + moment);
  };
}
