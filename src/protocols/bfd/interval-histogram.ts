/** How often packets followed each other by how many whole milliseconds. */
export class IntervalHistogram {
  readonly #counts = new Map<number, number>();

  record(ms: number): void {
    const bucket = Math.floor(ms);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  /** `[n, count]`: so many intervals were of n ms or more and less than n + 1, ascending; buckets without any left out. */
  entries(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}
