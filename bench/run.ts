// Runs benchmarks and prints what they measured; nothing is judged.
//   npm run bench [-- NAME… --json --quick --minutes N --services N… --runs N --keep FILE]
import { basename, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { benchmarks } from "./benchmarks.ts";
import { inOwnProcess } from "./own-process.ts";
import { asJson, renderMachine, renderTable, type Result, type Table } from "./report.ts";
import { thisMachine } from "./machine.ts";

interface Options {
  readonly json?: true;
  readonly quick?: boolean;
  readonly minutes: number;
  readonly services?: readonly number[];
  readonly runs?: number;
  readonly keep?: string;
}

const names = benchmarks.map(({ name, about }) => `  ${name.padEnd(12)}${about}`);

const program = new Command("npm run bench --")
  .description("Measures Fairlead on this machine; root, FRR and BIRD are needed for some of it.")
  .argument("[name...]", "the benchmarks to run; all by default")
  .option("--json", "print one object, with every run's figures, and nothing else on standard output")
  .option("--quick", "bgp only: one run of each, and no more than 10,000 prefixes")
  .option("--services <n...>", "how many Services `metallb` and `at-once` make, instead of 1000 and then 5000", count)
  .option("--runs <n>", "how often they measure, instead of five times", (text: string) => count(text)[0])
  .option(
    "--keep <file>",
    "where `metallb` keeps what it has measured, and finds it when it is run again",
    (file: string) => resolve(file),
  )
  .option("--minutes <n>", "how long `bfd` watches false alarms; ten is what is stated", minutesOf, 1)
  .addHelpText("after", `\nBenchmarks:\n${names.join("\n")}`)
  .action(run);

async function run(
  wanted: readonly string[],
  { json, quick = false, minutes, services, runs, keep }: Options,
): Promise<void> {
  const unknown = wanted.filter((name) => !benchmarks.some((each) => each.name === name));
  if (unknown.length > 0) program.error(`no such benchmark: ${unknown.join(", ")}; --help lists them`);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

  const machine = thisMachine();
  const results: Result[] = [];
  if (json !== true) process.stdout.write(`${renderMachine(machine)}\n`);
  for (const { name, about } of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`bench: ${name}: ${about}\n`);
    const said = [`npm run bench -- ${name}`];
    if (quick) said.push("--quick");
    if (name === "bfd") said.push(`--minutes ${minutes}`);
    const hasCounts = name === "metallb" || name === "at-once";
    if (hasCounts && services !== undefined) said.push(`--services ${services.join(" ")}`);
    if (hasCounts && runs !== undefined) said.push(`--runs ${runs}`);
    if (name === "metallb" && keep !== undefined) said.push(`--keep ${basename(keep)}`);
    const command = said.join(" ");
    const tables: Table[] = [];
    const options = {
      quick,
      minutes,
      ...(services === undefined ? {} : { services }),
      ...(runs === undefined ? {} : { runs }),
      ...(keep === undefined ? {} : { keep }),
    };
    for await (const table of inOwnProcess(name, options, stopping.signal)) {
      tables.push(table);
      if (json !== true) process.stdout.write(`${renderTable(table, command)}\n`);
    }
    results.push({ benchmark: name, command, tables });
  }
  if (json === true) process.stdout.write(`${JSON.stringify(asJson(machine, results), undefined, 2)}\n`);
}

function count(text: string, before: readonly number[] = []): number[] {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return [...before, value];
  throw new InvalidArgumentError("must be a whole number above 0.");
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError("must be a number above 0.");
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
