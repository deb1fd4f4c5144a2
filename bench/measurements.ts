import type { Table } from "./report.ts";

/** Gathers what was measured, run by run; the order of the first run is the table's. */
export class Measurements {
  readonly #byName = new Map<string, { readonly unit: string; readonly runs: number[] }>();

  add(name: string, unit: string, value: number): void {
    const measurement = this.#byName.get(name) ?? { unit, runs: [] };
    this.#byName.set(name, measurement);
    measurement.runs.push(value);
  }

  table(title: string): Table {
    return { title, measurements: [...this.#byName].map(([name, { unit, runs }]) => ({ name, unit, runs })) };
  }
}
