import type { Logger } from "pino";
import { giveBackProgram } from "./small-memory.ts";

/** A process that starts, or that has a thousand Services to take care of, has something better to do, and is warm soon. */
const idle = { ms: 5_000, mostBusy: 0.1 };

/**
 * Warms a process up as soon as it has next to nothing to do, once. Where that fails, the first real work takes longer, and
 * that is all.
 */
export function warmUpWhenIdle(warmUp: () => Promise<void>, log: Logger, signal: AbortSignal): void {
  let before = performance.eventLoopUtilization();
  const look = () => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (utilization > idle.mostBusy) return;
    end();
    warmUp()
      .then(giveBackProgram)
      .then(
        () => log.info("warm: what Services need is compiled"),
        (error: Error) => {
          if (!signal.aborted) log.warn({ error: error.message }, "not warmed up: the first Services take longer");
        },
      );
  };
  const timer = setInterval(look, idle.ms).unref();
  const end = () => {
    clearInterval(timer);
    signal.removeEventListener("abort", end);
  };
  signal.addEventListener("abort", end);
}
