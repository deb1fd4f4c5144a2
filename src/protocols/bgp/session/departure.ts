import type { Timer } from "../../clock/index.ts";
import type { NotificationMessage } from "../codec/messages.ts";
import { cease, shutdownData } from "../codec/notification.ts";
import type { SpeakerPorts } from "../ports.ts";

/** How a peer is taken leave of. */
export interface StopOptions {
  /** Subcode of the Cease (RFC 4486). Default Administrative Shutdown. */
  readonly ceaseSubcode?: number;
  /** What the operator of the other side shall read (RFC 9003); cut to 255 octets. */
  readonly message?: string;
  /**
   * Withdraw all routes first, and wait so many ms from when the transport has taken that until closing, for the peer to
   * move its traffic. Default: close at once, which withdraws as well, if less gently.
   */
  readonly drainMs?: number;
  /** Do not withdraw while draining, but ask that other paths be preferred (RFC 8326), which loses no packet. */
  readonly gracefulShutdown?: boolean;
  /**
   * Close at once and without a word: to a peer with graceful restart it is as if the process had died, and it keeps the
   * routes for the one that comes after us (RFC 4724 §4.2).
   */
  readonly silently?: boolean;
  /** How long a peer that does not read may hold up the withdrawal. Default 5,000. */
  readonly withdrawMs?: number;
}

const defaultWithdrawMs = 5_000;

/** The end of a peer: withdrawing, waiting, closing; each has its bound. */
export class Departure {
  /** The last word; undefined for none. */
  readonly notification: Omit<NotificationMessage, "type"> | undefined;
  readonly #ports: Required<SpeakerPorts>;
  readonly #drainMs: number;
  readonly #leave: () => void;
  readonly #gone = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #isDraining = false;

  /** `leave` is called once the peer has had its time; it closes the sessions. */
  constructor(ports: Required<SpeakerPorts>, options: StopOptions, leave: () => void) {
    const subcode = options.ceaseSubcode ?? cease.administrativeShutdown;
    // RFC 9003 §2: only these two carry words.
    const speaks = subcode === cease.administrativeShutdown || subcode === cease.administrativeReset;
    const data = speaks && options.message !== undefined ? shutdownData(options.message) : new Uint8Array();
    this.notification = options.silently === true ? undefined : { code: 6, subcode, data };
    this.#ports = ports;
    this.#drainMs = options.drainMs ?? 0;
    this.#leave = leave;
    this.#timer = ports.clock.setTimer(options.withdrawMs ?? defaultWithdrawMs, leave);
  }

  /** Settles when all connections are closed. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** The transport has taken all: from now on the peer has its time. */
  allSent(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#timer?.cancel();
    this.#timer = this.#ports.clock.setTimer(this.#drainMs, this.#leave);
  }

  /** There is nothing to wait for any more. */
  cancelWait(): void {
    this.#timer?.cancel();
    this.#isDraining = true;
  }

  connectionsClosed(): void {
    this.#gone.resolve();
  }
}
