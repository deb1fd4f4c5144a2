import type { LossRow } from "./load/loss-table.ts";
import type { PhaseReport } from "./load/phase.ts";

export interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly observed: string;
  readonly ms: number;
}

/** What a story came to; what `--json` prints. */
export interface StoryReport {
  readonly scenario: string;
  readonly ok: boolean;
  readonly steps: readonly Step[];
  readonly phases: readonly Pick<PhaseReport, "name" | "sent" | "failed" | "underWay" | "lossWindowMs">[];
  /** Where deaths were counted over and over. */
  readonly lossWindows?: readonly LossRow[];
}

/** What a step saw: `ok` if it is what should be seen. */
export interface Observation {
  readonly ok: boolean;
  readonly observed: string;
}

/** Told while a story goes on. */
export interface Audience {
  readonly began: (step: string) => void;
  readonly ended: (step: Step) => void;
  readonly phase: (phase: PhaseReport) => void;
}

/** A story being told: its steps one after the other, each with what was seen. */
export class Story {
  readonly #scenario: string;
  readonly #audience: Audience;
  readonly #steps: Step[] = [];
  readonly #phases: PhaseReport[] = [];

  constructor(scenario: string, audience: Audience) {
    this.#scenario = scenario;
    this.#audience = audience;
  }

  /** A step that fails to see anything is a step that is not ok; only an aborted signal ends the story. */
  async step(name: string, see: () => Promise<Observation>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#audience.began(name);
    const startMs = performance.now();
    const seen = await see().catch((error: unknown) => {
      signal.throwIfAborted();
      return { ok: false, observed: error instanceof Error ? error.message : String(error) };
    });
    const step = { name, ...seen, ms: Math.round(performance.now() - startMs) };
    this.#steps.push(step);
    this.#audience.ended(step);
  }

  phase(report: PhaseReport): void {
    this.#phases.push(report);
    this.#audience.phase(report);
  }

  report(): StoryReport {
    return {
      scenario: this.#scenario,
      ok: this.#steps.every((step) => step.ok),
      steps: this.#steps,
      phases: this.#phases.map(({ name, sent, failed, underWay, lossWindowMs }) => ({
        name,
        sent,
        failed,
        underWay,
        lossWindowMs: Math.round(lossWindowMs),
      })),
    };
  }
}
