import { headerLength, maxExtendedLength, maxMessageLength, messageTypes } from "./messages.ts";
import { ProtocolError } from "./notification.ts";

/** One message as it stood in the stream: its type, and what follows the header. */
export interface Frame {
  readonly type: number;
  /** Valid until the next call of `push`. */
  readonly body: Uint8Array;
}

/** Header and fixed fields of each message (RFC 4271 §4.2 to §4.5). */
const leastLengths: Readonly<Record<number, number>> = {
  [messageTypes.open]: 29,
  [messageTypes.update]: 23,
  [messageTypes.notification]: 21,
  [messageTypes.keepalive]: headerLength,
  [messageTypes["route-refresh"]]: 23,
};

/**
 * Cuts a stream of bytes, in whatever chunks it comes, into messages (RFC 4271 §4.1). It holds at most one unfinished
 * message, and copies only messages that do not lie within one chunk.
 */
export class Framer {
  /** Grows when a message comes in parts: most sessions of a process with many never have one. */
  #pending = new Uint8Array(headerLength);
  #limit = maxMessageLength;
  #held = 0;
  #failed = false;

  /** From now on messages may have up to 65,535 octets (RFC 8654 §4), but for OPEN and KEEPALIVE. */
  allowExtended(): void {
    this.#limit = maxExtendedLength;
  }

  /** The messages that `chunk` completes, in order; ends with an error where the stream is no BGP, and stays silent after. */
  *push(chunk: Uint8Array): Generator<Frame | ProtocolError, void> {
    let at = 0;
    while (at < chunk.length && !this.#failed) {
      if (this.#held === 0 && chunk.length - at >= headerLength) {
        const length = checkedLength(chunk, at, this.#limit);
        if (typeof length !== "number") return yield this.#fail(length);
        if (chunk.length - at >= length) {
          yield { type: chunk[at + 18] ?? 0, body: chunk.subarray(at + headerLength, at + length) };
          at += length;
          continue;
        }
      }
      at += this.#hold(chunk, at, headerLength);
      if (this.#held < headerLength) return;
      const length = checkedLength(this.#pending, 0, this.#limit);
      if (typeof length !== "number") return yield this.#fail(length);
      this.#makeRoom(length);
      at += this.#hold(chunk, at, length);
      if (this.#held < length) return;
      this.#held = 0;
      yield { type: this.#pending[18] ?? 0, body: this.#pending.subarray(headerLength, length) };
    }
  }

  /** Takes from `chunk` what is missing to `target` bytes; returns how many it took. */
  #hold(chunk: Uint8Array, at: number, target: number): number {
    const count = Math.max(0, Math.min(target - this.#held, chunk.length - at));
    this.#pending.set(chunk.subarray(at, at + count), this.#held);
    this.#held += count;
    return count;
  }

  #makeRoom(length: number): void {
    if (length <= this.#pending.length) return;
    const larger = new Uint8Array(length <= maxMessageLength ? maxMessageLength : maxExtendedLength);
    larger.set(this.#pending.subarray(0, this.#held));
    this.#pending = larger;
  }

  #fail(error: ProtocolError): ProtocolError {
    this.#failed = true;
    return error;
  }
}

/** RFC 4271 §6.1. */
function checkedLength(bytes: Uint8Array, at: number, limit: number): number | ProtocolError {
  for (let index = at; index < at + 16; index++) {
    if (bytes[index] !== 0xff) return new ProtocolError(1, 1);
  }
  const length = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0);
  const type = bytes[at + 18] ?? 0;
  const badLength = () => new ProtocolError(1, 2, Uint8Array.of(length >>> 8, length & 255));
  if (length < headerLength || length > limit) return badLength();
  if (length > maxMessageLength && type === messageTypes.open) return badLength();
  const least = leastLengths[type];
  if (least === undefined) return new ProtocolError(1, 3, Uint8Array.of(type));
  if (length < least || (type === messageTypes.keepalive && length !== headerLength)) return badLength();
  return length;
}
