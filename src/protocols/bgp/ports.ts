import type { Clock } from "../clock/index.ts";
import type { Transport } from "./transport.ts";

/** What a speaker needs from the world. */
export interface SpeakerPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  /**
   * Calls `run` once the current turn of the event loop is over: what was asked for in that turn goes out together.
   * Default `setImmediate`; a simulation hands in `(run) => clock.setTimer(0, run)`.
   */
  readonly schedule?: (run: () => void) => void;
  /** A number from 0 up to 1, for jitter (RFC 4271 §10). Default `Math.random`. */
  readonly random?: () => number;
}

/** RFC 4271 §10: timers of many speakers must not fall into step; a random factor of 0.75 to 1. */
export function jittered(ms: number, ports: Required<SpeakerPorts>): number {
  return ms * (0.75 + 0.25 * ports.random());
}
