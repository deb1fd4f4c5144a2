import { fuzzBfdDecoder } from "../test/fuzz/bfd-decoder.ts";
import { fuzzBgpDecoder, type Tally } from "../test/fuzz/bgp-decoder.ts";
import { fuzzBgpSession } from "../test/fuzz/bgp-session.ts";
import { Measurements } from "./measurements.ts";
import type { Benchmark, Table } from "./report.ts";

const messages = 10_000_000;
const packets = 10_000_000;
const sessions = 20_000;
/** Each has its own seed, and starts from nothing but the corpus. */
const rounds = 100;

export const fuzz: Benchmark = {
  name: "fuzz",
  about: `${messages / 1e6} million mutated BGP messages, as many BFD packets, ${sessions} sessions of garbage; fails at the first wrong answer`,
  async *run(signal) {
    Error.stackTraceLimit = 0; // nobody looks at those of what is malformed
    yield await measured(`BGP messages, ${messages} mutated`, messages, fuzzBgpDecoder, signal);
    yield await measured(`BFD packets, ${packets} mutated`, packets, fuzzBfdDecoder, signal);
    yield await measured(`BGP sessions, ${sessions} fed with garbage`, sessions, fuzzBgpSession, signal);
  },
};

async function measured(
  title: string,
  cases: number,
  run: (cases: number, seed: number) => Tally | Promise<Tally>,
  signal: AbortSignal,
): Promise<Table> {
  const figures = new Measurements();
  const outcomes = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    const begun = process.cpuUsage().user;
    const tally = await run(cases / rounds, round);
    figures.add(
      "cases for each second of processor time",
      "1/s",
      cases / rounds / ((process.cpuUsage().user - begun) / 1e6),
    );
    figures.add("samples kept", "", tally.samples);
    for (const [outcome, count] of tally.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
    await new Promise((resolve) => setImmediate(resolve)); // lets the signal's event in
    signal.throwIfAborted();
  }
  figures.add("resident memory at the end", "MiB", process.memoryUsage.rss() / 2 ** 20);
  for (const [outcome, count] of [...outcomes].sort(([, a], [, b]) => b - a)) figures.add(outcome, "cases", count);
  return figures.table(title);
}
