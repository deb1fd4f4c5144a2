import { backoffMs, type BackoffLimits } from "./backoff.ts";
import { systemPorts, type Ports } from "./ports.ts";

export interface WorkQueueOptions {
  /** How many keys are worked on at a time; one key never twice at a time. */
  readonly concurrency?: number;
  readonly backoff?: BackoffLimits;
  readonly ports?: Ports;
  /** Told of each failure; the key is tried again after `retryMs`. */
  readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
}

/**
 * Keys to be worked on. A key that is added while it waits is there once; one that is added while it is worked on is
 * worked on again afterwards; one whose work fails is tried again, later each time.
 */
export class WorkQueue {
  readonly #work: (key: string, signal: AbortSignal) => Promise<void>;
  readonly #options: WorkQueueOptions;
  readonly #ports: Ports;
  /** In the order in which they were added. */
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #later = new Map<string, { readonly at: number; readonly timer: { cancel(): void } }>();
  readonly #failures = new Map<string, number>();
  #idle: PromiseWithResolvers<void> | undefined;
  #signal: AbortSignal | undefined;

  constructor(work: (key: string, signal: AbortSignal) => Promise<void>, options: WorkQueueOptions) {
    this.#work = work;
    this.#options = options;
    this.#ports = options.ports ?? systemPorts;
  }

  add(key: string): void {
    if (this.#signal?.aborted === true) return;
    this.#later.get(key)?.timer.cancel();
    this.#later.delete(key);
    this.#waiting.add(key);
    this.#startMore();
  }

  /** Adds the key in `ms` milliseconds, or sooner if it was to be added sooner anyway. */
  addAfter(key: string, ms: number): void {
    if (this.#signal?.aborted === true) return;
    const at = this.#ports.clock.now() + ms;
    const planned = this.#later.get(key);
    if (planned !== undefined && planned.at <= at) return;
    planned?.timer.cancel();
    this.#later.set(key, { at, timer: this.#ports.clock.setTimer(ms, () => this.add(key)) });
  }

  /** Works until the signal is aborted; then nothing new is begun, and what is under way is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#startMore();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  /** When nothing waits, is worked on, or is to be tried again; immediately if that is so now. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #startMore(): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) return;
    const concurrency = this.#options.concurrency ?? 1;
    for (const key of this.#waiting) {
      if (this.#running.size >= concurrency) return;
      if (this.#running.has(key)) continue;
      this.#running.set(
        key,
        Promise.resolve().then(() => this.#runOne(key, signal)),
      );
    }
  }

  async #runOne(key: string, signal: AbortSignal): Promise<void> {
    // Until its work begins it waits: whoever adds it until then has it worked on once.
    this.#waiting.delete(key);
    try {
      await this.#work(key, signal);
      this.#failures.delete(key);
    } catch (error) {
      if (!signal.aborted) this.#retry(key, error);
    } finally {
      this.#running.delete(key);
      this.#startMore();
      if (this.#isIdle()) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    }
  }

  #retry(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const retryMs = backoffMs(failures, this.#options.backoff ?? { firstMs: 50, maxMs: 30_000 }, this.#ports.random);
    this.#options.onFailure(key, error, retryMs);
    this.addAfter(key, retryMs);
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0 && this.#later.size === 0;
  }
}
