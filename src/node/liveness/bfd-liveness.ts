import type { Node } from "../../kubernetes/resources/index.ts";
import type { SessionConfig } from "../../protocols/bfd/index.ts";
import type { BfdChange, PathWatch } from "../bfd/index.ts";
import type { Liveness, NodesInSight } from "./liveness.ts";
import { membersOf, type Member } from "./members.ts";
import { Verdict } from "./verdict.ts";

type Paths = Pick<PathWatch, "setSessions" | "onChange" | "stop">;

/** How soon a node is known to be dead: after `multiplier` packets in a row, one each `intervalMs`, did not come. */
export interface DetectionTimes {
  readonly intervalMs: number;
  readonly multiplier: number;
}

/** So many sessions are kept at the interval that was asked for; beyond that, it grows with the cluster. */
const sessionsAtFullRate = 100;
/** Up to five routers may lie between two nodes; packets that come from farther are not theirs (RFC 5883 §5). */
const minimumTtl = 250;
/** BGPPeers are watched by the same thread; their names have no slash. */
const prefix = "node/";

/** Liveness by a BFD session with each other node (RFC 5883), over their InternalIPs. */
export class BfdLiveness implements Liveness {
  readonly #paths: Paths;
  readonly #nodeName: string;
  readonly #times: DetectionTimes;
  readonly #verdict = new Verdict();
  readonly #listeners = new Set<(dead: ReadonlySet<string>) => void>();
  #sessions = "";
  #watched = 0;
  #told = "";

  constructor(paths: Paths, nodeName: string, times: DetectionTimes) {
    this.#paths = paths;
    this.#nodeName = nodeName;
    this.#times = times;
    paths.onChange((change) => this.#changed(change));
  }

  setNodes(nodes: Iterable<Node>): void {
    const members = membersOf(nodes, this.#nodeName);
    this.#verdict.setMembers(members);
    const sessions = sessionsOf(members, this.#times);
    // Most changes of Nodes are heartbeats.
    const text = JSON.stringify(sessions, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    if (text !== this.#sessions) this.#paths.setSessions(sessions);
    this.#sessions = text;
    this.#watched = sessions.length;
    this.#tell();
  }

  get inSight(): NodesInSight {
    const { answering, dead } = this.#verdict;
    return { watched: this.#watched, answering, dead };
  }

  onChange(listener: (dead: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells the others that this node leaves by intent. */
  stop(): Promise<void> {
    this.#listeners.clear();
    return this.#paths.stop();
  }

  #changed({ peer, state, isFailure }: BfdChange): void {
    const name = peer.slice(prefix.length);
    if (state === "up") this.#verdict.isUp(name);
    else if (isFailure) this.#verdict.hasFailed(name, new Date());
    else this.#verdict.hasLeft(name);
    this.#tell();
  }

  #tell(): void {
    const sight = JSON.stringify(this.inSight);
    if (sight === this.#told) return;
    this.#told = sight;
    const dead = new Set(this.#verdict.dead.map(({ name }) => name));
    for (const listener of this.#listeners) listener(dead);
  }
}

/**
 * One session with each other node. Both ends of each are asked for alike, because both nodes know the same Nodes; while
 * they do not, the slower interval holds (RFC 5880 §6.8.2). The interval is a multiple that changes only with each
 * hundredth node, or every node that joins would have all sessions negotiate anew. Pure.
 */
export function sessionsOf(members: readonly Member[], times: DetectionTimes): readonly SessionConfig[] {
  const intervalMs = times.intervalMs * Math.max(1, Math.ceil(members.length / sessionsAtFullRate));
  return members.map(({ name, localAddress, address }) => ({
    name: `${prefix}${name}`,
    hops: "multi",
    localAddress,
    remoteAddress: address,
    transmitIntervalMs: intervalMs,
    receiveIntervalMs: intervalMs,
    detectMultiplier: times.multiplier,
    minimumTtl,
  }));
}
