import type { Clock, Timer } from "../clock/index.ts";
import { IntervalHistogram } from "./interval-histogram.ts";

export interface TransmissionPorts {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** When the next periodic packet is due (RFC 5880 §6.8.7). */
export class PeriodicTransmission {
  readonly #ports: TransmissionPorts;
  readonly #transmit: () => void;
  readonly intervals = new IntervalHistogram();
  #intervalMs: number | undefined;
  #detectMultiplier = 3;
  #lastAt: number | undefined;
  #timer: Timer | undefined;

  constructor(ports: TransmissionPorts, transmit: () => void) {
    this.#ports = ports;
    this.#transmit = transmit;
  }

  /** `undefined`: no periodic packets. A shorter interval counts at once, from the last packet. */
  set(intervalMs: number | undefined, detectMultiplier: number): void {
    if (intervalMs === this.#intervalMs && detectMultiplier === this.#detectMultiplier) return;
    this.#intervalMs = intervalMs;
    this.#detectMultiplier = detectMultiplier;
    this.#schedule();
  }

  get intervalMs(): number | undefined {
    return this.#intervalMs;
  }

  /** A packet went out: the next is due an interval from now. `isSteady`: it is one of a row that the histogram is of. */
  sent(isSteady: boolean): void {
    const now = this.#ports.clock.now();
    if (isSteady && this.#lastAt !== undefined) this.intervals.record(now - this.#lastAt);
    this.#lastAt = now;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.stop();
    if (this.#intervalMs === undefined) return;
    const now = this.#ports.clock.now();
    const dueAt = (this.#lastAt ?? Number.NEGATIVE_INFINITY) + this.#intervalMs * this.#jitter();
    this.#timer = this.#ports.clock.setTimer(Math.max(0, dueAt - now), () => {
      this.#timer = undefined;
      this.#transmit();
    });
  }

  /** 75 to 100 %; with a multiplier of 1 at most 90 %, lest the neighbour's only interval be missed by a hair. */
  #jitter(): number {
    return 0.75 + this.#ports.random() * (this.#detectMultiplier === 1 ? 0.15 : 0.25);
  }
}
