import { table as columns } from "../src/cli/table.ts";
import { quantile, shown } from "./figures.ts";
import type { Measurement } from "./measurement.ts";

const barWidth = 30;
/** Buckets shown at most: what is beyond goes to the last. */
const mostBuckets = 24;

/** Quantiles of each measurement, and their histograms side by side. */
export function renderDistribution(measurements: readonly Measurement[], bucket: number): string {
  const shares = [0, 0.5, 0.9, 0.99, 1];
  const rows = measurements.map(({ name, unit, runs }) => {
    return [`  ${name}`, ...shares.map((share) => shown(quantile(runs, share))), unit, String(runs.length)];
  });
  const quantiles = columns([["", "min", "median", "p90", "p99", "max", "unit", "runs"], ...rows]);
  return `${quantiles}\n${renderHistograms(measurements, bucket)}`;
}

function renderHistograms(measurements: readonly Measurement[], bucket: number): string {
  const all = measurements.flatMap(({ runs }) => runs.map((value) => Math.floor(value / bucket)));
  if (all.length === 0) return "";
  const first = all.reduce((least, each) => Math.min(least, each));
  const last = all.reduce((most, each) => Math.max(most, each));
  const end = Math.min(last, first + mostBuckets - 1);
  const counts = measurements.map(({ runs }) => countsOf(runs, bucket, first, end));
  const most = counts.flat().reduce((greatest, each) => Math.max(greatest, each), 1);
  const rows = Array.from({ length: end - first + 1 }, (_, index) => {
    const from = (first + index) * bucket;
    const range = first + index === end && end < last ? `  from ${from}` : `  ${from} to ${from + bucket}`;
    return [range, ...counts.map((each) => bar(each[index] ?? 0, most))];
  });
  return columns([["", ...measurements.map(({ name }) => name)], ...rows]);
}

function countsOf(values: readonly number[], bucket: number, first: number, end: number): number[] {
  const counts = Array.from({ length: end - first + 1 }, () => 0);
  for (const value of values) {
    const index = Math.min(end, Math.floor(value / bucket)) - first;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

function bar(count: number, most: number): string {
  const length = count === 0 ? 0 : Math.max(1, Math.round((count / most) * barWidth));
  return count === 0 ? "" : `${"#".repeat(length)} ${count}`;
}
