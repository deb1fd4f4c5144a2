import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "./lab-error.ts";
import { patience } from "./patience.ts";

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
  const limitMs = timeoutMs * patience;
  const endMs = performance.now() + limitMs;
  for (;;) {
    const askedMs = performance.now();
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new LabError("lab.timeout", `not within ${limitMs / 1000} s: ${what}`);
    // On a machine that is so slow, asking must not take what is waited for its processor.
    const restMs = patience === 1 ? everyMs : 2 * (performance.now() - askedMs);
    await delay(Math.max(everyMs, restMs), undefined, { signal });
  }
}
