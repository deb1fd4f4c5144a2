import type { Frontend } from "./frontends.ts";

/** A frontend in force that became another, came (`before` undefined) or went (`after` undefined). */
export interface FrontendChange {
  readonly before: Frontend | undefined;
  readonly after: Frontend | undefined;
}

/**
 * Which service has which address and port. Where several claim the same, the smallest claim has it, and the next one
 * takes over when it goes: the order in which they came does not matter.
 */
export class Claims {
  readonly #byService = new Map<string, readonly Frontend[]>();
  /** By frontend key: by service. */
  readonly #byKey = new Map<string, Map<string, Frontend>>();

  /** Replaces the frontends of services, none for one that is gone; each frontend in force that changed comes once. */
  set(services: Iterable<readonly [service: string, frontends: readonly Frontend[]]>): FrontendChange[] {
    const before = new Map<string, Frontend | undefined>();
    for (const [service, frontends] of services) {
      const previous = this.#byService.get(service) ?? [];
      for (const { key } of [...previous, ...frontends]) if (!before.has(key)) before.set(key, this.#inForce(key));
      for (const { key } of previous) this.#release(key, service);
      for (const frontend of frontends) this.#claim(service, frontend);
      if (frontends.length === 0) this.#byService.delete(service);
      else this.#byService.set(service, frontends);
    }
    return [...before].flatMap(([key, was]) => {
      const is = this.#inForce(key);
      return was === is ? [] : [{ before: was, after: is }];
    });
  }

  *inForce(): Iterable<Frontend> {
    for (const key of this.#byKey.keys()) {
      const frontend = this.#inForce(key);
      if (frontend !== undefined) yield frontend;
    }
  }

  #claim(service: string, frontend: Frontend): void {
    let claimants = this.#byKey.get(frontend.key);
    if (claimants === undefined) this.#byKey.set(frontend.key, (claimants = new Map()));
    // A service may list one address twice (as an external address and as the balancer's): the first is meant.
    if (!claimants.has(service)) claimants.set(service, frontend);
  }

  #release(key: string, service: string): void {
    const claimants = this.#byKey.get(key);
    claimants?.delete(service);
    if (claimants?.size === 0) this.#byKey.delete(key);
  }

  #inForce(key: string): Frontend | undefined {
    let winner: Frontend | undefined;
    for (const frontend of this.#byKey.get(key)?.values() ?? []) {
      if (winner === undefined || frontend.claim < winner.claim) winner = frontend;
    }
    return winner;
  }
}
