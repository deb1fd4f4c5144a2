/** Tells a decision, which knows no clock, that something has lasted for long: since it was asked for the first time. */
export class Patience {
  readonly #deadlines = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #onOver: () => void;
  #attempt: number | undefined;
  readonly #signal: AbortSignal;

  /** `onOver` is called when anything that was asked for is over. */
  constructor(onOver: () => void, signal: AbortSignal) {
    this.#onOver = onOver;
    this.#signal = signal;
    const stop = () => {
      for (const timer of this.#timers) clearTimeout(timer);
    };
    signal.addEventListener("abort", stop, { once: true });
  }

  /** What lasts in one attempt says nothing of the next. */
  about(attempt: number): void {
    if (attempt !== this.#attempt) this.forget();
    this.#attempt = attempt;
  }

  forget(): void {
    this.#deadlines.clear();
  }

  isOver(what: string, ms: number): boolean {
    const deadline = this.#deadlines.get(what);
    if (deadline !== undefined) return performance.now() >= deadline;
    this.#deadlines.set(what, performance.now() + ms);
    if (this.#signal.aborted) return false;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#onOver();
    }, ms + 1);
    this.#timers.add(timer);
    return false;
  }
}
