import type { Audience, StoryReport } from "../lab/index.ts";
import { lossWindowsTable } from "./loss-windows-table.ts";
import { table } from "./table.ts";

/** Shows each step when it has ended, for people who wait. */
export function liveAudience(out: NodeJS.WriteStream): Audience {
  let startMs = performance.now();
  const clock = () => `${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s`;
  return {
    began: (step) => {
      if (out.isTTY) out.write(`\r\u001B[K       … ${step}`);
    },
    ended: ({ name, ok, observed }) => {
      out.write(
        `${out.isTTY ? "\r\u001B[K" : ""}${clock()}  ${ok ? "seen   " : "NOT SEEN"} ${name}\n${" ".repeat(18)}${observed}\n`,
      );
    },
    phase: () => undefined,
  };
}

export function renderReport({ scenario, ok, steps, phases, lossWindows }: StoryReport): string {
  const missing = steps.filter((step) => !step.ok);
  const rows = phases.map(({ name, sent, failed, underWay, lossWindowMs }) =>
    [name, sent, failed, underWay, `${lossWindowMs} ms`].map(String),
  );
  const verdict = ok
    ? `Story ${scenario}: all ${steps.length} steps were seen.`
    : `Story ${scenario}: ${missing.length} of ${steps.length} steps were not seen: ${missing.map((step) => step.name).join("; ")}`;
  const measured =
    lossWindows === undefined
      ? table([["PHASE", "SENT", "FAILED", "UNDER WAY", "LOSS WINDOW"], ...rows])
      : lossWindowsTable(lossWindows);
  return `\n${measured}\n\n${verdict}\n`;
}
