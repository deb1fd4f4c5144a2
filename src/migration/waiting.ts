import { setTimeout as delay } from "node:timers/promises";
import { MigrationError } from "./migration-error.ts";

const everyMs = 500;

export interface Patience {
  /** For one step. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks what is missing until nothing is. Rejects with `migration.stuck`, and what was missing last, when that takes
 * longer than a step may take.
 */
export async function until(
  what: string,
  missing: () => Promise<string | undefined>,
  { timeoutMs, signal }: Patience,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const why = await missing();
    if (why === undefined) return;
    if (performance.now() > endMs) {
      throw new MigrationError(
        "migration.stuck",
        `${what}: not within ${timeoutMs / 1000} s: ${why}. Nothing was done after that; run the command again to go on, or the other way to go back`,
      );
    }
    await delay(everyMs, undefined, { signal });
  }
}
