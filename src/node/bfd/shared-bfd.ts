import { formatAddress } from "../../net/index.ts";
import type { SessionConfig } from "../../protocols/bfd/index.ts";
import { noStatus, type BfdAgent, type BfdChange } from "./bfd-agent.ts";
import type { BfdStatus } from "./thread-messages.ts";

/** Watches paths for one who depends on them. */
export type PathWatch = Pick<BfdAgent, "setSessions" | "onChange" | "status" | "stop">;

/**
 * BFD for several who watch paths, in one thread: UDP port 4784 can be bound once, and a thread costs memory. Nothing
 * runs until the first session is asked for.
 */
export class SharedBfd {
  readonly #start: () => PathWatch;
  /** In the order in which they came, which decides who has a path that two ask for. */
  readonly #shares = new Set<Share>();
  #agent: PathWatch | undefined;

  constructor(start: () => PathWatch) {
    this.#start = start;
  }

  /** Sessions of its own, whose names nobody else may use; `stop` ends these alone. */
  share(): PathWatch {
    const share = new Share({
      changed: () => this.#changed(),
      left: () => this.#left(share),
      status: async () => (await this.#agent?.status()) ?? noStatus,
    });
    this.#shares.add(share);
    return share;
  }

  #changed(): void {
    const sessions = withoutDoubles([...this.#shares].flatMap((share) => share.sessions));
    if (this.#agent === undefined && sessions.length === 0) return;
    this.#agent ??= this.#begin();
    this.#agent.setSessions(sessions);
  }

  #begin(): PathWatch {
    const agent = this.#start();
    agent.onChange((change) => {
      for (const share of this.#shares) share.heard(change);
    });
    return agent;
  }

  async #left(share: Share): Promise<void> {
    this.#shares.delete(share);
    if (this.#shares.size === 0) await this.#agent?.stop();
    else this.#changed();
  }
}

interface ShareOwner {
  changed(): void;
  left(): Promise<void>;
  status(): Promise<BfdStatus>;
}

class Share implements PathWatch {
  readonly #owner: ShareOwner;
  readonly #listeners = new Set<(change: BfdChange) => void>();
  sessions: readonly SessionConfig[] = [];

  constructor(owner: ShareOwner) {
    this.#owner = owner;
  }

  setSessions(sessions: readonly SessionConfig[]): void {
    const before = this.sessions;
    this.sessions = sessions;
    try {
      this.#owner.changed();
    } catch (error) {
      this.sessions = before;
      throw error;
    }
  }

  onChange(listener: (change: BfdChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Of the sessions of this share alone. */
  async status(): Promise<BfdStatus> {
    const status = await this.#owner.status();
    return { ...status, sessions: status.sessions.filter(({ name }) => this.#has(name)) };
  }

  stop(): Promise<void> {
    return this.#owner.left();
  }

  heard(change: BfdChange): void {
    if (!this.#has(change.peer)) return;
    for (const listener of this.#listeners) listener(change);
  }

  #has(name: string): boolean {
    return this.sessions.some((session) => session.name === name);
  }
}

/**
 * Two sessions with one neighbour by the same kind of path would take each other's first packets, which are told apart
 * by addresses alone (RFC 5883 §3): the later one is left out, and never comes up.
 */
function withoutDoubles(sessions: readonly SessionConfig[]): readonly SessionConfig[] {
  const seen = new Set<string>();
  return sessions.filter(({ hops = "single", remoteAddress, interface: link = "", vrf = "" }) => {
    const key = `${hops} ${formatAddress(remoteAddress)} ${link} ${vrf}`;
    return !seen.has(key) && seen.add(key);
  });
}
