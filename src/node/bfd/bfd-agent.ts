import { Worker } from "node:worker_threads";
import {
  resolveSessions,
  type Diagnostic,
  type NamedStateChange,
  type SessionConfig,
  type SessionState,
} from "../../protocols/bfd/index.ts";
import type { BfdStatus, News, Order } from "./thread-messages.ts";

/** A change of a session's state, as those who depend on its path want to hear of it. */
export interface BfdChange {
  /** The name of the session. */
  readonly peer: string;
  readonly state: SessionState;
  readonly previous: SessionState;
  readonly diagnostic: Diagnostic;
  /**
   * True where the path has failed: the session was up, and neither side ended it by intent (RFC 5882 §3.2). Only then
   * may a BGP session be ended for it.
   */
  readonly isFailure: boolean;
  /** As `process.hrtime`, in milliseconds. */
  readonly atMs: number;
}

export interface BfdAgentOptions {
  /** The thread has ended by itself. It is started again, and the sessions with it. */
  readonly onThreadFailure?: (error: Error) => void;
}

const restartMs = 1_000;

/** The BFD sessions of this machine, which run in a thread of their own. */
export class BfdAgent {
  readonly #options: BfdAgentOptions;
  readonly #listeners = new Set<(change: BfdChange) => void>();
  readonly #states = new Map<string, SessionState>();
  readonly #questions = new Map<number, (status: BfdStatus) => void>();
  #nextQuestion = 0;
  #sessions: readonly SessionConfig[] = [];
  #worker: Worker;
  #restart: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: BfdAgentOptions = {}) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /**
   * Makes `sessions` all there are; one that is only given other parameters stays up. Throws `RangeError`, and changes
   * nothing, where one is impossible or two share a name or a path.
   */
  setSessions(sessions: readonly SessionConfig[]): void {
    if (this.#stopped !== undefined) return;
    const names = new Set(resolveSessions(sessions).map(({ name }) => name));
    this.#sessions = sessions;
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name);
    for (const name of names) if (!this.#states.has(name)) this.#states.set(name, "down");
    this.#tell({ type: "set-sessions", sessions });
  }

  /** State of each session, as last heard. */
  get states(): ReadonlyMap<string, SessionState> {
    return this.#states;
  }

  onChange(listener: (change: BfdChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Counters, times and histograms, asked of the thread. Sessions are missing while it is being started again. */
  status(): Promise<BfdStatus> {
    if (this.#stopped !== undefined || this.#restart !== undefined) return Promise.resolve(noStatus);
    const id = this.#nextQuestion++;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#tell({ type: "tell-status", id });
    });
  }

  /** Tells all neighbours that the sessions end by intent; ends when they had a detection time to hear it. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#restart);
    const exited = new Promise<void>((resolve) => void this.#worker.once("exit", () => resolve()));
    const isRunning = this.#restart === undefined;
    this.#tell({ type: "stop" });
    if (isRunning) await exited;
    this.#states.clear();
    this.#answerAll();
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./bfd-thread.${extension}`, import.meta.url), { name: "bfd" });
    worker.on("message", (news: News) => this.#hear(news));
    worker.on("error", (error) => this.#failed(error instanceof Error ? error : new Error(String(error))));
    return worker;
  }

  #tell(order: Order): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
    this.#worker.postMessage(order);
  }

  #hear(news: News): void {
    if (news.type === "state-changed") return this.#changed(news.change);
    this.#questions.get(news.id)?.(news.status);
    this.#questions.delete(news.id);
  }

  #changed({ name, state, previous, diagnostic, remoteState, atMs }: NamedStateChange): void {
    if (!this.#states.has(name)) return; // wanted no more: only its goodbye is still under way
    const isFailure = previous === "up" && state === "down" && remoteState !== "admin-down";
    this.#emit({ peer: name, state, previous, diagnostic, isFailure, atMs });
  }

  #emit(change: BfdChange): void {
    this.#states.set(change.peer, change.state);
    for (const listener of this.#listeners) listener(change);
  }

  /** Says nothing of the paths: the sessions are down, but none has failed. */
  #failed(error: Error): void {
    this.#answerAll();
    if (this.#stopped !== undefined) return;
    this.#options.onThreadFailure?.(error);
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#worker = this.#start();
      this.#tell({ type: "set-sessions", sessions: this.#sessions });
    }, restartMs);
    for (const [peer, previous] of this.#states) {
      if (previous === "down") continue;
      const atMs = Number(process.hrtime.bigint()) / 1e6;
      this.#emit({ peer, state: "down", previous, diagnostic: "none", isFailure: false, atMs });
    }
  }

  #answerAll(): void {
    for (const answer of this.#questions.values()) answer(noStatus);
    this.#questions.clear();
  }
}

export const noStatus: BfdStatus = { priority: "normal", sessions: [], discarded: {} };
