import type { LossRow } from "../lab/index.ts";
import { table } from "./table.ts";

/** What a node's death cost, a line for each way to watch nodes and each traffic policy. */
export function lossWindowsTable(lossWindows: readonly LossRow[]): string {
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
  return table([head, ...rows]);
}
