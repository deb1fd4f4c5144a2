// As a program: runs the benchmark that its argument names and sends each table to the process that started it.
import { fork } from "node:child_process";
import { on, once } from "node:events";
import { benchmarks } from "./benchmarks.ts";
import type { BenchmarkOptions, Table } from "./report.ts";

/** Runs a benchmark where no other's garbage, compiled code or network namespace is. */
export async function* inOwnProcess(
  name: string,
  options: BenchmarkOptions,
  signal: AbortSignal,
): AsyncGenerator<Table> {
  signal.throwIfAborted();
  const child = fork(import.meta.filename, [name, JSON.stringify(options)], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const ended = once(child, "exit");
  // It cleans up and ends when it finds itself alone.
  signal.addEventListener("abort", () => child.connected && child.disconnect(), { once: true });
  for await (const [table] of on(child, "message", { close: ["disconnect"] })) {
    // It is this very file that sends.
    yield table as Table;
  }
  const [status] = (await ended) as [number | null];
  if (signal.aborted) throw new Error(`${name}: stopped`);
  if (status !== 0) throw new Error(`${name}: failed, see above`);
}

if (import.meta.main) {
  const stopping = new AbortController();
  process.once("disconnect", () => stopping.abort());
  // The parent hears of it too, and tells.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  const benchmark = benchmarks.find((each) => each.name === process.argv[2]);
  try {
    // It is this very file that passes them.
    const options = JSON.parse(process.argv[3] ?? "") as BenchmarkOptions;
    for await (const table of benchmark?.run(stopping.signal, options) ?? []) process.send?.(table);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    if (process.connected) process.disconnect?.();
  }
}
