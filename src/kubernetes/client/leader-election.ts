import { Lease } from "../resources/index.ts";
import type { Client } from "./client.ts";
import { isApiError, isClientError } from "./errors.ts";
import { reasonOf, sleep, type Ports } from "./ports.ts";

export interface LeaderElectionOptions {
  readonly namespace: string;
  /** The Lease's name. */
  readonly name: string;
  /** Who we are: no two processes ever have the same. */
  readonly identity: string;
  /** A leader that has not renewed for so long is taken for dead by the others. */
  readonly leaseDurationMs?: number;
  /** A leader that could not renew for so long stops: well before the others take over. */
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
  /** Told who leads, whenever that changes. */
  readonly onLeader?: (identity: string) => void;
  readonly onFailure?: (error: Error) => void;
}

/**
 * Does `work` while we lead. Its signal is aborted when leadership is lost or `signal` is; it is then waited for, so that
 * two leaders overlap only by what work does not stop in time. Returns once `signal` is aborted, or the work has ended by
 * itself, and the lease is given back; throws what `work` throws.
 *
 * Clocks of other machines are not believed: a lease is expired when we, by our own clock, have not seen it change for
 * its duration.
 */
export async function lead(
  client: Client,
  options: LeaderElectionOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const election = new Election(client, options);
  for (let ended = false; !ended;) {
    try {
      await election.acquire(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    ended = await leadOnce(election, work, signal);
  }
}

/** One term. True if it is over because the work is, false if leadership was lost. */
async function leadOnce(
  election: Election,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const term = new AbortController();
  const end = () => term.abort(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  // Work that takes its time to stop is covered by the lease to its end.
  const workEnded = new AbortController();
  const renewing = election.renewUntil(workEnded.signal).finally(() => term.abort(new Error("leadership was lost")));
  // It is waited for below; until then its failure only ends the term.
  renewing.catch(() => {});
  try {
    await work(term.signal);
    return signal.aborted || !term.signal.aborted;
  } catch (error) {
    if (!isAbort(error, term.signal)) throw error;
    return signal.aborted;
  } finally {
    signal.removeEventListener("abort", end);
    workEnded.abort(new Error("the work has ended"));
    try {
      await renewing;
    } finally {
      await election.release();
    }
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === "AbortError"));
}

/** A lease counts from when it was seen to change: who waits looks so much more often than the leader renews. */
const looksPerRenewal = 2;

class Election {
  readonly #client: Client;
  readonly #ports: Ports;
  readonly #options: LeaderElectionOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  /** The lease as we last saw it change, and when that was by our clock. */
  #observed: { readonly lease: Lease; readonly at: number } | undefined;
  #leader = "";
  #renewedAt = 0;

  constructor(client: Client, options: LeaderElectionOptions) {
    this.#client = client;
    this.#ports = client.ports;
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2000;
    if (!(this.#leaseDurationMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryMs)) {
      throw new RangeError(
        `leaseDurationMs ${this.#leaseDurationMs} must be more than renewDeadlineMs ${this.#renewDeadlineMs}, and that more than retryMs ${this.#retryMs}`,
      );
    }
  }

  /** Returns when we hold the lease. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#try(signal))) {
      // Jitter, so that those who wait do not all ask in the same moment.
      const retryMs = (this.#retryMs / looksPerRenewal) * (1 + 0.2 * this.#ports.random());
      const expiryMs = this.#expiryOfOther() - this.#ports.clock.now();
      // When a lease has expired everybody waits for an address: no retry may stand between the two. Timers may be early.
      await sleep(this.#ports.clock, expiryMs > 0 ? Math.min(retryMs, expiryMs + 1) : retryMs, signal);
    }
  }

  /** Returns when the lease is lost, or could not be renewed for too long, or the signal is aborted. */
  async renewUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      const deadline = this.#renewedAt + this.#renewDeadlineMs;
      const untilDeadline = deadline - this.#ports.clock.now();
      if (untilDeadline <= 0 || signal.aborted) return;
      const bound = new AbortController();
      const end = () => bound.abort(reasonOf(signal));
      signal.addEventListener("abort", end, { once: true });
      const timer = this.#ports.clock.setTimer(untilDeadline, () =>
        bound.abort(new Error("the renew deadline passed")),
      );
      try {
        await sleep(this.#ports.clock, Math.min(this.#retryMs, untilDeadline), bound.signal);
        if (!(await this.#try(bound.signal)) && this.#isHeldByOther()) return;
      } catch (error) {
        if (!bound.signal.aborted) throw error;
      } finally {
        timer.cancel();
        signal.removeEventListener("abort", end);
      }
    }
  }

  /** Gives the lease back, if it is still ours, so that the next one need not wait for it to expire. */
  async release(): Promise<void> {
    if (!this.#isOurs()) return;
    const signal = AbortSignal.timeout(5000);
    try {
      try {
        await this.#giveBack(signal);
      } catch (error) {
        if (!isApiError(error, "conflict")) throw error;
        // A renewal that was cut short may have been done.
        const { namespace, name } = this.#options;
        this.#observe(await this.#client.get(Lease, { namespace, name }, { signal }));
        if (this.#isOurs()) await this.#giveBack(signal);
      }
    } catch (error) {
      // It expires by itself.
      this.#options.onFailure?.(error as Error);
    }
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    const lease = this.#observed?.lease;
    if (lease === undefined) return;
    const now = this.#microTime();
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    this.#observe(await this.#client.update(Lease, { ...lease, spec }, { signal }));
  }

  /** One attempt to hold the lease; false where another does, or where it failed. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { namespace, name } = this.#options;
    const askedAt = this.#ports.clock.now();
    try {
      // Whoever holds it writes over what he wrote: if another has taken it since, that is a conflict.
      const ours = this.#isOurs() ? this.#observed?.lease : undefined;
      const lease = ours ?? (await this.#client.find(Lease, { namespace, name }, { signal }));
      if (lease !== undefined) this.#observe(lease);
      if (lease !== undefined && this.#isHeldByOther()) return false;
      const next = this.#nextLease(lease);
      const held =
        lease === undefined
          ? await this.#client.create(Lease, next, { signal })
          : await this.#client.update(Lease, next, { signal });
      this.#observe(held);
      // From when we asked: others may count from as early as that.
      this.#renewedAt = askedAt;
      return true;
    } catch (error) {
      if (signal.aborted || !isClientError(error)) throw error;
      // Another was faster, or has deleted it: looked at anew the next time.
      const isRace = ["conflict", "not-found", "already-exists"].includes(error.code);
      const hadLease = this.#observed !== undefined;
      if (isRace) this.#observed = undefined;
      // Where there was none to be deleted, it is the namespace that there is not.
      if (!isRace || (isApiError(error, "not-found") && !hadLease)) this.#options.onFailure?.(error);
      return false;
    }
  }

  #nextLease(lease: Lease | undefined) {
    const { namespace, name, identity } = this.#options;
    const now = this.#microTime();
    const ours = lease?.spec?.holderIdentity === identity;
    const transitions = lease?.spec?.leaseTransitions ?? 0;
    return {
      metadata: lease?.metadata ?? { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000),
        acquireTime: ours ? (lease.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: ours || lease === undefined ? transitions : transitions + 1,
      },
    };
  }

  #observe(lease: Lease): void {
    const known = this.#observed?.lease;
    if (known?.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#observed = { lease, at: this.#ports.clock.now() };
    const leader = lease.spec?.holderIdentity ?? "";
    if (leader === "" || leader === this.#leader) return;
    this.#leader = leader;
    this.#options.onLeader?.(leader);
  }

  #isOurs(): boolean {
    return this.#observed?.lease.spec?.holderIdentity === this.#options.identity;
  }

  #isHeldByOther(): boolean {
    return this.#expiryOfOther() > this.#ports.clock.now();
  }

  /** When another's lease has expired, by our clock; long ago where nobody else holds it. */
  #expiryOfOther(): number {
    if (this.#observed === undefined) return -Infinity;
    const { lease, at } = this.#observed;
    const holder = lease.spec?.holderIdentity ?? "";
    if (holder === "" || holder === this.#options.identity) return -Infinity;
    return at + (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
  }

  /** Kubernetes' MicroTime. */
  #microTime(): string {
    return this.#ports.wallTime().toISOString().replace("Z", "000Z");
  }
}
