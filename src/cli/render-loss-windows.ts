import type { LossWindowsReport } from "../lab/index.ts";
import { table } from "./table.ts";

/** The table of what a node's death cost, and what went wrong on the way. */
export function renderLossWindows({ lossWindows, steps }: LossWindowsReport): string {
  const rows = lossWindows.map((row) => [
    row.detection,
    row.externalTrafficPolicy,
    row.proxy,
    String(row.faults),
    `${row.medianMs} ms`,
    `${row.leastMs} - ${row.mostMs} ms`,
    `${row.failed} of ${row.sent}`,
  ]);
  const head = ["NODES WATCHED AT", "TRAFFIC POLICY", "PROXY", "FAULTS", "LOSS WINDOW, MEDIAN", "SPREAD", "LOST"];
  const failed = steps.filter((step) => !step.ok).map((step) => `not seen: ${step.name}: ${step.observed}`);
  return `${["", table([head, ...rows]), ...failed].join("\n")}\n`;
}
