import type { LoadRequest } from "./request.ts";

/** A part of the story, between two moments; times are milliseconds since the epoch. */
export interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** When the fault came; without one the phase's start stands for it. */
  readonly faultAtMs?: number;
  /** When the route changed on the switch, each time. */
  readonly routeChangesMs: readonly number[];
}

export interface PhaseReport {
  readonly name: string;
  /** Requests sent within the phase. All that follows is about these. */
  readonly sent: number;
  readonly failed: number;
  /** Sent before the route changed on the switch and unanswered then, whatever became of them. */
  readonly underWay: number;
  /** Failed although no route changed while they were under way. */
  readonly failedOtherwise: number;
  /** From the fault to the start of the last request that failed; 0 where none did. */
  readonly lossWindowMs: number;
  /** What those that failed although no route changed met, and how often. */
  readonly otherErrors: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
}

export function reportPhase(phase: Phase, requests: readonly LoadRequest[]): PhaseReport {
  const sent = requests.filter((each) => each.startMs >= phase.fromMs && each.startMs < phase.toMs);
  const failed = sent.filter((each) => !each.outcome.ok);
  const wasUnderWay = (each: LoadRequest) =>
    phase.routeChangesMs.some((changeMs) => each.startMs < changeMs && each.endMs > changeMs);
  const lastFailedMs = failed.reduce((last, each) => Math.max(last, each.startMs), -Infinity);
  return {
    name: phase.name,
    sent: sent.length,
    failed: failed.length,
    underWay: sent.filter(wasUnderWay).length,
    failedOtherwise: failed.filter((each) => !wasUnderWay(each)).length,
    lossWindowMs: Math.max(0, lastFailedMs - (phase.faultAtMs ?? phase.fromMs)),
    otherErrors: count(failed.flatMap((each) => (wasUnderWay(each) || each.outcome.ok ? [] : [each.outcome.error]))),
    answers: count(sent.flatMap((each) => (each.outcome.ok ? [each.outcome.by] : []))),
  };
}

function count(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
