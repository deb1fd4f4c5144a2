export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after the `failures`-th failure in a row (from 1): doubled each time up to the maximum, and of that
 * between a half and all, so that many who failed together do not come back together.
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: () => number): number {
  const whole = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(failures - 1, 30));
  return whole / 2 + (whole / 2) * random();
}
