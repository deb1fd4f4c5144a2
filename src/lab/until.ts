import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "./lab-error.ts";

export interface UntilOptions {
  readonly signal?: AbortSignal | undefined;
  /** A generous bound: what is asked for is expected much sooner. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Asks again and again until `ask` gives something else than `undefined` and `false`, and resolves with it. Rejects
 * with `lab.timeout`, naming `what` was waited for, and with what `ask` rejects with.
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false>,
  { signal, timeoutMs = 30_000, everyMs = 20 }: UntilOptions = {},
): Promise<Value> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new LabError("lab.timeout", `not within ${timeoutMs / 1000} s: ${what}`);
    await delay(everyMs, undefined, { signal });
  }
}
