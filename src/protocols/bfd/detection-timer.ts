import type { Clock, Timer } from "../clock/index.ts";

export interface DetectionPorts {
  readonly clock: Clock;
  /**
   * Delivers now what has arrived and waits to be read. A thread that was held up finds its timers due before it has
   * read a packet: it would blame the neighbour for its own delay.
   */
  readonly deliverPending: () => void;
}

/** Calls `expired` once nothing has been heard for the detection time (RFC 5880 §6.8.4). */
export class DetectionTimer {
  readonly #ports: DetectionPorts;
  readonly #expired: () => void;
  #detectionTimeMs = 0;
  #heardAt: number | undefined;
  /** Runs no later than the deadline. Set anew only where that moves forward: most packets cost no timer. */
  #timer: Timer | undefined;
  #timerAt = 0;

  constructor(ports: DetectionPorts, expired: () => void) {
    this.#ports = ports;
    this.#expired = expired;
  }

  heard(): void {
    this.#heardAt = this.#ports.clock.now();
    this.#arm();
  }

  /** Counts from when something was last heard. */
  setDetectionTime(ms: number): void {
    this.#detectionTimeMs = ms;
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#heardAt = undefined;
  }

  #arm(): void {
    if (this.#heardAt === undefined) return;
    const deadline = this.#heardAt + this.#detectionTimeMs;
    if (this.#timer !== undefined && this.#timerAt <= deadline) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#ports.clock.setTimer(Math.max(0, deadline - this.#ports.clock.now()), () => this.#due());
  }

  #due(): void {
    this.#timer = undefined;
    if (!this.#isLate()) return this.#arm();
    this.#ports.deliverPending();
    if (!this.#isLate()) return this.#arm();
    this.stop();
    return this.#expired();
  }

  #isLate(): boolean {
    return this.#heardAt !== undefined && this.#ports.clock.now() >= this.#heardAt + this.#detectionTimeMs;
  }
}
