/** Time, handed in. `protocols/clock` has the same shape, so that one simulated clock serves both. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  setTimer(ms: number, run: () => void): { cancel(): void };
}

/** What the client needs of its surroundings beside the network. */
export interface Ports {
  readonly clock: Clock;
  /** From 0 up to, not including, 1: for jitter. */
  readonly random: () => number;
  /** The wall clock: for timestamps that others read, never for measuring. */
  readonly wallTime: () => Date;
}

export const systemPorts: Ports = {
  clock: {
    now: () => performance.now(),
    setTimer(ms, run) {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  random: Math.random,
  wallTime: () => new Date(),
};

/** Waits `ms` milliseconds; throws the signal's reason if that comes first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(reasonOf(signal));
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    const aborted = () => {
      timer.cancel();
      reject(reasonOf(signal));
    };
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** A signal's reason may be any value; what is thrown should be an Error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
