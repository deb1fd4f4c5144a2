import { setTimeout as wait } from "node:timers/promises";

/** How soon something may be written again: at first and, while writes follow each other, at most. */
export interface PaceLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Who waits, and knows for how long. */
export interface PaceClock {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const systemClock: PaceClock = { now: () => performance.now(), wait: (ms) => wait(ms) };

/** A write that comes so many first pauses after the last does not follow it: a burst is read a tenth of a second at a time. */
const apart = 10;

/** What is large, and changes little by little: what comes in a pause is one write. The first is never kept waiting. */
export class WritePace {
  readonly #limits: PaceLimits | undefined;
  readonly #clock: PaceClock;
  readonly #pauses = new Map<string, { readonly at: number; readonly ms: number }>();

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
    if (restMs > 0) await this.#clock.wait(restMs);
  }

  /** Before a write for which nobody waits: what is under way for somebody comes first. */
  async yield(): Promise<void> {
    if (this.#limits !== undefined) await this.#clock.wait(this.#limits.firstMs);
  }

  /** Follows a write. The pause after one that soon followed another is twice as long as that one's. */
  wrote(name: string): void {
    if (this.#limits === undefined) return;
    const { firstMs, mostMs } = this.#limits;
    const [at, last] = [this.#clock.now(), this.#pauses.get(name)];
    const goesOn = last !== undefined && at - last.at < Math.max(2 * last.ms, apart * firstMs);
    this.#pauses.set(name, { at, ms: goesOn ? Math.min(mostMs, 2 * last.ms) : firstMs });
  }
}
