import { isDeepStrictEqual } from "node:util";
import type { Client } from "../kubernetes/client/index.ts";
import { NodeReport } from "../kubernetes/resources/index.ts";
import { describe, type ConfigurationReason } from "../plan/index.ts";
import type { NodesInSight } from "./liveness/index.ts";
import { describeSessionError, formatEndpointAddress, type PeerStatus } from "../protocols/bgp/index.ts";
import type { TrialVerdict } from "./rollout/index.ts";
import { stateNames } from "./session-state.ts";

type Status = NonNullable<NodeReport["status"]>;
type Session = Status["sessions"][number];

export interface Observed {
  /** Of the Node, as it is or was last. */
  readonly nodeUid: string | undefined;
  readonly startTime: Date;
  readonly sessions: readonly PeerStatus[];
  readonly problems: readonly ConfigurationReason[];
  /** Of the configuration that is in force. */
  readonly revision: string | undefined;
  readonly trial: TrialVerdict | undefined;
  /** Undefined where nobody asked for it. */
  readonly nodes?: NodesInSight | undefined;
  /** Turns a moment of the sessions' clock into one of the wall's. */
  readonly dateOf: (moment: number) => Date;
}

/** A report as it is written. */
interface Report {
  readonly metadata: Pick<NodeReport["metadata"], "name" | "ownerReferences">;
  readonly status: Status;
}

/** What a node sees, in the form in which it reports it. It goes when its Node does. */
function reportOf(name: string, observed: Observed): Report {
  const { nodeUid: uid } = observed;
  const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] };
  return { metadata: { name, ...owner }, status: statusOf(observed) };
}

function statusOf({ startTime, sessions, problems, revision, trial, nodes, dateOf }: Observed): Status {
  return {
    startTime: startTime.toISOString(),
    ...(revision === undefined ? {} : { revision }),
    ...(trial === undefined ? {} : { trial }),
    sessions: sessions.map((session): Session => {
      const { sent } = session.prefixes;
      return {
        peer: session.name,
        address: session.remote === undefined ? "" : formatEndpointAddress(session.remote),
        state: stateNames[session.state],
        since: dateOf(session.stateSince).toISOString(),
        prefixes: sent[4] + sent[6],
        ...(session.negotiated?.gracefulRestart === undefined ? {} : { gracefulRestart: true }),
        ...namedAs(session.lastError),
        ...(session.lastError === undefined
          ? {}
          : {
              lastError: describeSessionError(session.lastError),
              lastErrorTime: dateOf(session.lastError.at).toISOString(),
            }),
      };
    }),
    problems: problems.map((problem) => ({ code: problem.code, message: describe(problem) })),
    ...(nodes === undefined ? {} : { nodeDetection: nodeDetectionOf(nodes) }),
  };
}

function nodeDetectionOf({ watched, answering, dead }: NodesInSight): NonNullable<Status["nodeDetection"]> {
  return { watched, answering, dead: dead.map(({ name, since }) => ({ node: name, since: since.toISOString() })) };
}

const retryMs = 2_000;
/** How soon a report may follow another that differs in nothing but how many prefixes are announced. */
const countsPauseMs = 3_000;

/**
 * Writes a node's report when it is another than before; several changes in a short time are one write. A thousand
 * Services that come one by one would be a write each 200 ms from each node: counts alone are told less often.
 */
export class Reporter {
  readonly #client: Client;
  readonly #node: string;
  readonly #observe: () => Observed;
  readonly #onFailure: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #mayWrite = false;
  #written: Report | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(client: Client, node: string, observe: () => Observed, onFailure: (error: unknown) => void) {
    this.#client = client;
    this.#node = node;
    this.#observe = observe;
    this.#onFailure = onFailure;
  }

  /** The report is this process's from now on: until then another may write it. */
  start(): void {
    this.#mayWrite = true;
    this.touch();
  }

  /** To be called whenever something may have changed. */
  touch(pauseMs = 200): void {
    if (!this.#mayWrite || this.#stopping.signal.aborted) return;
    const at = performance.now() + pauseMs;
    if (this.#timer !== undefined && this.#dueAt <= at) return;
    // What waited for counts alone may be more by now.
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work = this.#work.then(() => this.#write());
    }, pauseMs);
  }

  /** Writes no more: another has the word. */
  async letGo(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopping.abort();
    await this.#work;
  }

  /** The last word: waits until it is written, or has failed once, or `signal` is aborted. */
  async stop(signal: AbortSignal): Promise<void> {
    await this.letGo();
    if (this.#mayWrite) await this.#write(signal);
  }

  async #write(last?: AbortSignal): Promise<void> {
    const report = reportOf(this.#node, this.#observe());
    if (isDeepStrictEqual(report, this.#written)) return;
    const restMs = this.#writtenAt + countsPauseMs - performance.now();
    if (last === undefined && restMs > 0 && isDeepStrictEqual(withoutCounts(report), withoutCounts(this.#written))) {
      return this.touch(restMs);
    }
    try {
      const signal = last ?? this.#stopping.signal;
      await this.#client.apply(NodeReport, report, { force: true, signal });
      this.#written = report;
      this.#writtenAt = performance.now();
    } catch (error) {
      if (last === undefined && this.#stopping.signal.aborted) return;
      this.#onFailure(error);
      if (last === undefined) this.touch(retryMs);
    }
  }
}

function withoutCounts(report: Report | undefined): unknown {
  if (report === undefined) return undefined;
  const { metadata, status } = report;
  return { metadata, status: { ...status, sessions: status.sessions.map((session) => ({ ...session, prefixes: 0 })) } };
}

/** The AS number that we refused an OPEN for: the data of our NOTIFICATION 2/2 (Bad Peer AS). */
function namedAs(error: PeerStatus["lastError"]): Pick<Session, "namedAS"> {
  if (error?.code !== "notification.sent") return {};
  const { code, subcode, dataHex } = error.notification;
  return code === 2 && subcode === 2 && dataHex !== undefined ? { namedAS: Number.parseInt(dataHex, 16) } : {};
}
