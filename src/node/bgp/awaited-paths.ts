import type { Clock, Timer } from "../../protocols/clock/index.ts";

/** Where the router speaks no BFD after all, that much later its session begins, of the 15 s for which it keeps routes. */
const patienceMs = 5_000;

/**
 * Peers with which a session is to begin only when the router's BFD speaks with ours. After a restart it may not have
 * missed our predecessor's packets yet, and drop ours until then, as FRR does. Then it calls the path failed: a BGP session
 * that was there already would end with that, and the routes with it, which graceful restart has kept so far.
 */
export class AwaitedPaths {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #names: Set<string> | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** The peers of the first plan; those of later ones hold nothing of a predecessor's. */
  begin(names: readonly string[]): void {
    if (this.#names !== undefined) return;
    this.#names = new Set(names);
    if (names.length > 0) this.#timer = this.#clock.setTimer(patienceMs, () => this.#end());
  }

  get areMissing(): boolean {
    return (this.#names?.size ?? 0) > 0;
  }

  isMissing(peer: string): boolean {
    return this.#names?.has(peer) === true;
  }

  seen(peer: string): void {
    if (this.#names?.delete(peer) !== true) return;
    if (!this.areMissing) this.stop();
    this.#changed();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #end(): void {
    this.#names?.clear();
    this.#changed();
  }
}
