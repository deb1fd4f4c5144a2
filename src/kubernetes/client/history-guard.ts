import type { Clock } from "./ports.ts";

/** Somebody who holds what an API server has said, and can ask whether that is still its history. */
export interface HistoryHolder {
  /** True if the server's history is another one now; what was held is given up then. Rejects when nobody answers. */
  wentBack(): Promise<boolean>;
}

/** How soon one after another of a client's holders asks. */
const everyMs = 2_000;

/**
 * Finds out that an API server stands at an older state than before, as after etcd was restored from a backup. A watch
 * does not tell: it is silent until the new history has reached the number where the old one ended. So the holders ask
 * one after the other, and all of them when one has found it out.
 */
export class HistoryGuard {
  readonly #clock: Clock;
  readonly #holders = new Set<HistoryHolder>();
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what ends it. */
  join(holder: HistoryHolder): () => void {
    this.#holders.add(holder);
    this.#timer ??= this.#clock.setTimer(everyMs, () => void this.#ask());
    return () => {
      this.#holders.delete(holder);
      if (this.#holders.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  async #ask(): Promise<void> {
    const timer = this.#timer;
    const [next] = this.#holders;
    if (next === undefined) return;
    // To the end of the line.
    this.#holders.delete(next);
    this.#holders.add(next);
    const others = () => Promise.all([...this.#holders].map((each) => each.wentBack()));
    // A server that does not answer is noticed by the watches.
    await next
      .wentBack()
      .then(
        (back) => (back ? others() : undefined),
        () => undefined,
      )
      .catch(() => undefined);
    // All may have left meanwhile, and others have come, with a timer of their own.
    if (this.#timer === timer) this.#timer = this.#clock.setTimer(everyMs, () => void this.#ask());
  }
}
