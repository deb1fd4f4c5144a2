import { setTimeout as wait } from "node:timers/promises";

/** How soon something may be written again: at first and, while writes go on, at most; twice as long each time. */
export interface PaceLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What is large, and changes little by little: what comes in a pause is one write. The first is never kept waiting. */
export class WritePace {
  readonly #limits: PaceLimits | undefined;
  readonly #pauses = new Map<string, { readonly at: number; readonly ms: number }>();

  /** Without pauses where there are no limits. */
  constructor(limits: PaceLimits | undefined) {
    this.#limits = limits;
  }

  /** Until the next write. */
  async rest(name: string): Promise<void> {
    const pause = this.#pauses.get(name);
    if (pause === undefined) return;
    const restMs = pause.at + pause.ms - performance.now();
    if (restMs > 0) await wait(restMs);
  }

  /** Before a write for which nobody waits: what is under way for somebody comes first. */
  async yield(): Promise<void> {
    if (this.#limits !== undefined) await wait(this.#limits.firstMs);
  }

  /** Follows a write. One that comes long after the last begins anew. */
  wrote(name: string): void {
    if (this.#limits === undefined) return;
    const { firstMs, mostMs } = this.#limits;
    const [at, last] = [performance.now(), this.#pauses.get(name)];
    const goesOn = last !== undefined && at - last.at < 2 * mostMs;
    this.#pauses.set(name, { at, ms: goesOn ? Math.min(mostMs, 2 * last.ms) : firstMs });
  }
}
