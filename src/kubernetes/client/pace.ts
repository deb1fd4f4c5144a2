export interface PaceLimits {
  /** So many may follow each other at once; all of them again after `burst` × `everyMs`. */
  readonly burst: number;
  /** From then on the time from one to the next. */
  readonly everyMs: number;
}

/** How soon something may be done that must not be done too often: at once, as long as it is seldom. */
export class Pace {
  readonly #limits: PaceLimits;
  /** When what was done so far would have come to its end, each taking `everyMs`. */
  #busyUntil = -Infinity;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** In how many milliseconds it may be done once more; 0 for at once. */
  restMs(now: number): number {
    const { burst, everyMs } = this.#limits;
    return Math.max(0, Math.max(this.#busyUntil, now) + everyMs - burst * everyMs - now);
  }

  /** It is done once more, after its rest. */
  count(now: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, now) + this.#limits.everyMs;
  }
}
