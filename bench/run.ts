// Runs benchmarks and prints what they measured; nothing is judged.
//   npm run bench [-- NAME… --json --quick]
import { Command } from "commander";
import { benchmarks } from "./benchmarks.ts";
import { inOwnProcess } from "./own-process.ts";
import { asJson, renderMachine, renderResult, type Result } from "./report.ts";
import { thisMachine } from "./machine.ts";

interface Options {
  readonly json?: true;
  readonly quick?: boolean;
}

const names = benchmarks.map(({ name, about }) => `  ${name.padEnd(12)}${about}`);

const program = new Command("npm run bench --")
  .description("Measures Fairlead on this machine; root, FRR and BIRD are needed for some of it.")
  .argument("[name...]", "the benchmarks to run; all by default")
  .option("--json", "print one object, with every run's figures, and nothing else on standard output")
  .option("--quick", "bgp only: one run of each, and no more than 10,000 prefixes")
  .addHelpText("after", `\nBenchmarks:\n${names.join("\n")}`)
  .action(run);

async function run(wanted: readonly string[], { json, quick = false }: Options): Promise<void> {
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
    const tables = await inOwnProcess(name, { quick }, stopping.signal);
    const command = `npm run bench -- ${name}${quick ? " --quick" : ""}`;
    const result: Result = { benchmark: name, command, tables };
    results.push(result);
    if (json !== true) process.stdout.write(`${renderResult(result)}\n`);
  }
  if (json === true) process.stdout.write(`${JSON.stringify(asJson(machine, results), undefined, 2)}\n`);
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
