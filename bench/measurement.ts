/** One thing that was measured, once in each run. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly runs: readonly number[];
}
