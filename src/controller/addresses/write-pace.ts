import { setTimeout as wait } from "node:timers/promises";

/** How soon something may be written again: at first and, while writes have to wait for it, at most. */
export interface PaceLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Who waits, and knows for how long. */
export interface PaceClock {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

interface Pause {
  readonly at: number;
  readonly ms: number;
  /** Whether the next write had to wait until it was over. */
  wasKept: boolean;
}

const systemClock: PaceClock = { now: () => performance.now(), wait: (ms) => wait(ms) };

/**
 * What is large, and changes little by little: what comes in a pause is one write. The first is never kept waiting, and the
 * pause after one that was is twice as long.
 */
export class WritePace {
  readonly #limits: PaceLimits | undefined;
  readonly #clock: PaceClock;
  readonly #pauses = new Map<string, Pause>();

  /** Without pauses where there are no limits. */
  constructor(limits: PaceLimits | undefined, clock = systemClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Until the next write. */
  async rest(name: string): Promise<void> {
    const pause = this.#pauses.get(name);
    if (pause === undefined) return;
    const restMs = pause.at + pause.ms - this.#clock.now();
    if (restMs <= 0) return;
    pause.wasKept = true;
    await this.#clock.wait(restMs);
  }

  /** Before a write for which nobody waits: what is under way for somebody comes first. */
  async yield(): Promise<void> {
    if (this.#limits !== undefined) await this.#clock.wait(this.#limits.firstMs);
  }

  /** Follows a write. */
  wrote(name: string): void {
    if (this.#limits === undefined) return;
    const { firstMs, mostMs } = this.#limits;
    const last = this.#pauses.get(name);
    const ms = last?.wasKept === true ? Math.min(mostMs, 2 * last.ms) : firstMs;
    this.#pauses.set(name, { at: this.#clock.now(), ms, wasKept: false });
  }
}
