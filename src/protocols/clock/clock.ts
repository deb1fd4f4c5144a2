/** Time, handed in: so that a whole protocol runs in a test without a second's wait. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back, and does not follow the wall clock. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now (0: as soon as possible, never within this call). */
  setTimer(ms: number, run: () => void): Timer;
}

export interface Timer {
  /** The timer will not run any more; without effect if it has run. */
  cancel(): void;
}

/** The machine's monotonic clock. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
