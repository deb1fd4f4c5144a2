import type { LostEvidence } from "../../kubernetes/resources/index.ts";
import type { Trial } from "../../plan/index.ts";
import type { Clock, Timer } from "../../protocols/clock/index.ts";

/** What a node has made of a trial, for its report. */
export interface TrialVerdict {
  readonly attempt: number;
  readonly state: "trying" | "kept" | "refused";
  readonly why?: LostEvidence;
}

export interface TrialHandlers {
  /** What was there before, should be there, and is not. */
  readonly missing: (trial: Trial) => LostEvidence | undefined;
  /** Nothing came of it in time: goes back to what was kept. */
  readonly takeBack: (trial: Trial) => void;
  /** The verdict is another. */
  readonly changed: () => void;
}

export interface TrialTimes {
  /** So long a trial may go on without evidence. */
  readonly limitMs: number;
  /** So long the evidence must last. */
  readonly soakMs: number;
}

const lookMs = 100;

/**
 * Watches over a change that is tried on this node: it is kept when all that was at stake has been there for a while, and
 * taken back when it is not in time. It asks nobody: it works as well while the API server is away.
 */
export class TrialWatch {
  readonly #clock: Clock;
  readonly #times: TrialTimes;
  readonly #handlers: TrialHandlers;
  #trial: Trial | undefined;
  #verdict: TrialVerdict | undefined;
  #startedMs = 0;
  /** Since when nothing is missing. */
  #goodSinceMs: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, times: TrialTimes, handlers: TrialHandlers) {
    this.#clock = clock;
    this.#times = times;
    this.#handlers = handlers;
  }

  get verdict(): TrialVerdict | undefined {
    return this.#verdict;
  }

  /** Whether `trial` is one that has not begun here. */
  isNew(trial: Trial | undefined): boolean {
    return trial !== undefined && trial.attempt !== this.#verdict?.attempt;
  }

  /** To be told of the trial that the configuration in force is part of, if any, when it is in force. */
  follow(trial: Trial | undefined): void {
    if (trial === undefined) return this.#abandon();
    if (!this.isNew(trial)) return;
    this.stop();
    this.#trial = trial;
    this.#startedMs = this.#clock.now();
    this.#goodSinceMs = undefined;
    this.#conclude(trial.atStake.length === 0 ? "kept" : "trying");
    if (trial.atStake.length > 0) this.#look(trial);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The change was withdrawn before there was a verdict. */
  #abandon(): void {
    this.stop();
    this.#trial = undefined;
    if (this.#verdict?.state !== "trying") return;
    this.#verdict = undefined;
    this.#handlers.changed();
  }

  #look(trial: Trial): void {
    const now = this.#clock.now();
    const missing = this.#handlers.missing(trial);
    if (missing === undefined) {
      this.#goodSinceMs ??= now;
      if (now - this.#goodSinceMs >= this.#times.soakMs) return this.#conclude("kept");
    } else {
      this.#goodSinceMs = undefined;
      if (now - this.#startedMs >= this.#times.limitMs) {
        this.#conclude("refused", missing);
        return this.#handlers.takeBack(trial);
      }
    }
    this.#timer = this.#clock.setTimer(lookMs, () => this.#look(trial));
  }

  #conclude(state: TrialVerdict["state"], why?: LostEvidence): void {
    const attempt = this.#trial?.attempt ?? 0;
    this.#verdict = { attempt, state, ...(why === undefined ? {} : { why }) };
    this.#handlers.changed();
  }
}
