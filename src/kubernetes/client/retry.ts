import { backoffMs, type BackoffLimits } from "./backoff.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { sleep, type Ports } from "./ports.ts";

const attempts = 5;
const limits: BackoffLimits = { firstMs: 100, maxMs: 5000 };

/** A server that asks for more than this is told to the caller instead of waited for. */
const longestStayAwayMs = 30_000;

/**
 * Tries again where that can do no harm. What the server refused with 429 it did not do, so every request may be sent
 * again; after any other failure only one that changes nothing, or the same thing twice (`repeatable`).
 */
export async function withRetries<T>(
  ports: Ports,
  repeatable: boolean,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= attempts || !mayTryAgain(error, repeatable)) throw error;
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      if (asked > longestStayAwayMs) throw error;
      await sleep(ports.clock, Math.max(asked, backoffMs(failures, limits, ports.random)), signal);
    }
  }
}

function mayTryAgain(error: unknown, repeatable: boolean): boolean {
  if (error instanceof ApiError) {
    return error.code === "too-many-requests" || (repeatable && error.code === "unavailable");
  }
  return repeatable && error instanceof ConnectionError;
}
