import type { Clock, Timer } from "./clock.ts";

interface SimulatedTimer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until a test advances it. Timers run in the order of their time, then of their setting. */
export class SimulatedClock implements Clock {
  #now = 0;
  /** Sorted, the next one last, so that taking it moves nothing. */
  readonly #timers: SimulatedTimer[] = [];

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.splice(this.#placeOf(timer.at), 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  }

  /** Lets `ms` milliseconds pass, running what falls due, also what those timers set in turn. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#timers.at(-1); timer !== undefined && timer.at <= end; timer = this.#timers.at(-1)) {
      this.#timers.pop();
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
    this.#now = end;
  }

  /**
   * Advances in steps of the next timer until `met` holds, for at most `boundMs`; returns the milliseconds that it
   * took. Throws if the bound is reached first.
   */
  advanceUntil(met: () => boolean, boundMs: number): number {
    const start = this.#now;
    while (!met()) {
      const next = this.#timers.at(-1);
      if (next === undefined || next.at > start + boundMs) {
        throw new Error(`after ${boundMs} simulated ms what was waited for had not come about`);
      }
      this.advance(Math.max(0, next.at - this.#now));
    }
    return this.#now - start;
  }

  /** Before the timers of the same time that were set earlier: those stand nearer to the end. */
  #placeOf(at: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
