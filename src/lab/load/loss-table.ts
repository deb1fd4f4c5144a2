import type { ProxyChoice } from "../cluster/cluster-api.ts";

/** What one fault cost the clients of one Service. */
export interface Loss {
  /** How the nodes' deaths are detected: `50 ms x 3`, or `none`. */
  readonly detection: string;
  readonly externalTrafficPolicy: "Cluster" | "Local";
  /** Who does the nodes' part: other proxies have rows of their own. */
  readonly proxy: ProxyChoice;
  readonly windowMs: number;
  readonly sent: number;
  readonly failed: number;
}

/** All faults of one kind. */
export interface LossRow extends Pick<Loss, "detection" | "externalTrafficPolicy" | "proxy"> {
  readonly faults: number;
  readonly medianMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly sent: number;
  readonly failed: number;
}

/** A row for each kind, in the order in which the first of each came. */
export function lossTable(losses: readonly Loss[]): LossRow[] {
  const kinds = Map.groupBy(losses, (loss) => JSON.stringify([loss.detection, loss.externalTrafficPolicy, loss.proxy]));
  return [...kinds.values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const windows = of.map(({ windowMs }) => Math.round(windowMs)).sort((a, b) => a - b);
    return {
      detection: first.detection,
      externalTrafficPolicy: first.externalTrafficPolicy,
      proxy: first.proxy,
      faults: of.length,
      medianMs: median(windows),
      leastMs: windows[0] ?? Number.NaN,
      mostMs: windows.at(-1) ?? Number.NaN,
      sent: sum(of.map(({ sent }) => sent)),
      failed: sum(of.map(({ failed }) => failed)),
    };
  });
}

/** Of sorted numbers. */
function median(sorted: readonly number[]): number {
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((below ?? Number.NaN) + (above ?? Number.NaN)) / 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
