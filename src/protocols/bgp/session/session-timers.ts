import type { Timer } from "../../clock/index.ts";
import { jittered, type SpeakerPorts } from "../ports.ts";
import type { Negotiated } from "../status.ts";
import type { Connection } from "../transport.ts";

/** RFC 4271 §8.2.2: until the peer's OPEN has come, "a large value": 4 minutes. */
const openHoldMs = 240_000;
/** RFC 4271 §4.4: none more frequent than one a second. */
const leastKeepaliveMs = 1_000;
/** RFC 9687 §3.1: the least default of the SendHoldTimer. */
const leastSendHoldMs = 480_000;

/** What a session hears of its timers; nothing after `stop`. */
export interface SessionTimersOwner {
  holdExpired(): void;
  keepaliveDue(): void;
  sendHoldExpired(): void;
}

/**
 * The timers of one session: HoldTimer, KeepaliveTimer (RFC 4271 §8.2.2) and SendHoldTimer (RFC 9687). None is set anew
 * with each message: each looks, when it runs, how long ago the last one came or went.
 */
export class SessionTimers {
  readonly #ports: Required<SpeakerPorts>;
  readonly #connection: Connection;
  readonly #owner: SessionTimersOwner;
  #holdMs = openHoldMs;
  #sendHoldMs = leastSendHoldMs;
  #heardAt: number;
  #spokeAt: number;
  /** When the transport last had nothing of ours that it could not pass on. */
  #progressAt: number;
  #hold: Timer | undefined;
  #keepalive: Timer | undefined;
  #sendHold: Timer | undefined;
  #isStopped = false;

  constructor(ports: Required<SpeakerPorts>, connection: Connection, owner: SessionTimersOwner) {
    this.#ports = ports;
    this.#connection = connection;
    this.#owner = owner;
    this.#heardAt = ports.clock.now();
    this.#spokeAt = this.#heardAt;
    this.#progressAt = this.#heardAt;
  }

  /** Our OPEN is out; the peer's may take its time. */
  awaitOpen(): void {
    this.#armHold(this.#holdMs);
  }

  /** Both OPENs are in: the timers run as agreed on. */
  run({ holdTimeMs, keepaliveMs }: Negotiated, sendHoldTimeMs: number | undefined): void {
    this.#hold?.cancel();
    this.#holdMs = holdTimeMs;
    this.#sendHoldMs = sendHoldTimeMs ?? Math.max(leastSendHoldMs, 2 * holdTimeMs);
    if (keepaliveMs > 0) this.#armKeepalive(keepaliveMs);
    if (holdTimeMs === 0) return;
    this.#armHold(holdTimeMs);
    this.#armSendHold(this.#sendHoldMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#hold?.cancel();
    this.#keepalive?.cancel();
    this.#sendHold?.cancel();
  }

  /** A message has come. */
  heard(): void {
    this.#heardAt = this.#ports.clock.now();
  }

  /** A message is about to be handed to the transport. */
  speaks(): void {
    this.#spokeAt = this.#ports.clock.now();
    if (this.#connection.unsentBytes === 0) this.#progressAt = this.#spokeAt;
  }

  /** The transport has passed on all that it had. */
  progressed(): void {
    this.#progressAt = this.#ports.clock.now();
  }

  #armHold(ms: number): void {
    this.#hold = this.#ports.clock.setTimer(ms, () => {
      // If this process was held up, what the peer said meanwhile still waits to be read: look again after that.
      this.#ports.schedule(() => {
        if (this.#isStopped) return;
        const left = this.#heardAt + this.#holdMs - this.#ports.clock.now();
        if (left > 0) this.#armHold(left);
        else this.#owner.holdExpired();
      });
    });
  }

  /** An UPDATE counts as a KEEPALIVE (RFC 4271 §8.2.2, Established, events 27 and 26). */
  #armKeepalive(keepaliveMs: number): void {
    const interval = Math.max(leastKeepaliveMs, jittered(keepaliveMs, this.#ports));
    const wait = (ms: number) => {
      this.#keepalive = this.#ports.clock.setTimer(ms, () => {
        const left = this.#spokeAt + interval - this.#ports.clock.now();
        if (left > 0) return wait(left);
        this.#owner.keepaliveDue();
        return this.#armKeepalive(keepaliveMs);
      });
    };
    wait(interval);
  }

  /** A peer that sends keepalives but takes nothing would else hold us up for ever. */
  #armSendHold(ms: number): void {
    this.#sendHold = this.#ports.clock.setTimer(ms, () => {
      const now = this.#ports.clock.now();
      if (this.#connection.unsentBytes === 0) this.#progressAt = now;
      const left = this.#progressAt + this.#sendHoldMs - now;
      if (left > 0) return this.#armSendHold(left);
      return this.#owner.sendHoldExpired();
    });
  }
}
