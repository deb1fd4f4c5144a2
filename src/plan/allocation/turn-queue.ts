/**
 * Keys in the order of their turns, each at most once. What is added in between takes its place in the order, so that
 * the outcome does not depend on when it was added. An order may change only for keys that are not in the queue.
 */
export class TurnQueue {
  readonly #compare: (a: string, b: string) => number;
  /** What was added since the last `take`; sorted in at once, for a burst is cheaper to sort than to insert. */
  readonly #added = new Set<string>();
  readonly #queued = new Set<string>();
  /** The next one last. */
  #sorted: string[] = [];

  constructor(compare: (a: string, b: string) => number) {
    this.#compare = compare;
  }

  add(key: string): void {
    this.#added.add(key);
  }

  take(): string | undefined {
    this.#sortIn();
    const key = this.#sorted.pop();
    if (key !== undefined) this.#queued.delete(key);
    return key;
  }

  #sortIn(): void {
    if (this.#added.size === 0) return;
    const come = [...this.#added].filter((key) => !this.#queued.has(key));
    this.#added.clear();
    for (const key of come) this.#queued.add(key);
    if (come.length > 8) {
      this.#sorted = [...this.#sorted, ...come].sort((a, b) => this.#compare(b, a));
      return;
    }
    for (const key of come) this.#sorted.splice(this.#placeOf(key), 0, key);
  }

  #placeOf(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#sorted[middle] ?? key, key) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
