import { table as columns } from "../src/cli/table.ts";
import { renderDistribution } from "./distribution.ts";
import { quantile, shown } from "./figures.ts";
import type { Measurement } from "./measurement.ts";
import type { Machine } from "./machine.ts";

/** Measurements to be looked at together; those to be compared were taken by turns and stand below each other. */
export interface Table {
  readonly title: string;
  readonly measurements: readonly Measurement[];
  /** What is shown is how the runs are spread, in buckets of so much. */
  readonly bucket?: number;
}

export interface Benchmark {
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  /** Each table as soon as it is measured. Stops all that it has started, whether it succeeds, fails or is told to stop. */
  run(signal: AbortSignal, options: BenchmarkOptions): AsyncIterable<Table>;
}

export interface BenchmarkOptions {
  /** How long what has no end by itself goes on. */
  readonly minutes: number;
  /** Fewer runs of less, to see whether it works. */
  readonly quick: boolean;
  /** How many Services there are, one table after the other; and how often each is measured. */
  readonly services?: readonly number[];
  readonly runs?: number;
  /** The file in which turns are kept as they end; those that are in it already count, and are not measured again. */
  readonly keep?: string;
}

/** The tables of one benchmark, and the command that makes them again. */
export interface Result {
  readonly benchmark: string;
  readonly command: string;
  readonly tables: readonly Table[];
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(runs: readonly number[]): Spread {
  return { median: quantile(runs, 0.5), least: quantile(runs, 0), most: quantile(runs, 1) };
}

export function renderTable(table: Table, command: string): string {
  return `${table.title}\n  ${command}\n\n${renderFigures(table)}\n`;
}

function renderFigures(table: Table): string {
  if (table.bucket !== undefined) return renderDistribution(table.measurements, table.bucket);
  const { measurements } = table;
  const rows = measurements.map(({ name, unit, runs }) => {
    const { median, least, most } = spreadOf(runs);
    const spread = least === most ? "always" : `${shown(least)} to ${shown(most)}`;
    return [`  ${name}`, shown(median), unit, spread, String(runs.length)];
  });
  return columns([["", "median", "unit", "least to most", "runs"], ...rows]);
}

export function renderMachine({ processor, cores, memoryMiB, kernel, at, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${processor}, ${cores} cores, ${memoryMiB} MiB, Linux ${kernel}\n${programs.join(", ")}\n${at}\n`;
}

/** Everything as one object: what was measured in each run too. */
export function asJson(machine: Machine, results: readonly Result[]): object {
  const measurementOf = (each: Measurement) => ({ ...each, ...spreadOf(each.runs) });
  const tableOf = (table: Table) => ({ ...table, measurements: table.measurements.map(measurementOf) });
  return { machine, results: results.map((result) => ({ ...result, tables: result.tables.map(tableOf) })) };
}
