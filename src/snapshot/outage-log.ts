import { isApiError, type ClientError } from "../kubernetes/client/index.ts";

/** The part of a logger that is used here. */
export interface OutageLog {
  warn(about: object, message: string): void;
  info(about: object, message: string): void;
}

/** So often it is said again while it lasts. */
const pauseMs = 10_000;

/**
 * Says in the log that the API server is away: at once, and then now and then, however many watches notice it. For an
 * informer's `onDisconnect`.
 */
export function outageLog(log: OutageLog): (error: ClientError) => void {
  let saidAt = -Infinity;
  return (error) => {
    if (isApiError(error, "expired")) {
      log.info({ error: error.message }, "the API server has forgotten what came since: all is listed again");
      return;
    }
    const now = performance.now();
    if (now - saidAt < pauseMs) return;
    saidAt = now;
    log.warn({ error: error.message }, "the API server cannot be watched; what is known stays in force meanwhile");
  };
}
