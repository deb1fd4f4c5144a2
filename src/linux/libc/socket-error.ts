import { getSystemErrorName } from "node:util";
import koffi from "koffi";

/** A socket could not be had as it was asked for. */
export class SocketError extends Error {
  /** The system's, as `EADDRINUSE`. */
  readonly code: string;

  constructor(what: string, code: string) {
    super(`${what}: ${code}`);
    this.name = "SocketError";
    this.code = code;
  }
}

/** Why the last call of this thread has failed, as `EADDRINUSE`. */
export function lastErrorCode(): string {
  return getSystemErrorName(-koffi.errno());
}

/** What a call has returned. Throws a `SocketError` about `what` where that says that it has failed. */
export function checked(what: string, result: number): number {
  if (result < 0) throw new SocketError(what, lastErrorCode());
  return result;
}
