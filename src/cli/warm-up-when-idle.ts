import type { Logger } from "pino";
import { afterWork } from "./after-work.ts";

/**
 * Warms a process up when it has started and has next to nothing to do. Where that fails, the first real work takes longer,
 * and that is all.
 */
export function warmUpWhenIdle(warmUp: () => Promise<void>, log: Logger, signal: AbortSignal): void {
  const end = afterWork(() => {
    end();
    warmUp().then(
      () => log.info("warm: what Services need is compiled"),
      (error: Error) => {
        if (!signal.aborted) log.warn({ error: error.message }, "not warmed up: the first Services take longer");
      },
    );
  });
  signal.addEventListener("abort", end, { once: true });
}
