// As a program: runs the benchmark that its argument names and sends its tables to the process that started it.
import { fork } from "node:child_process";
import { once } from "node:events";
import { benchmarks } from "./benchmarks.ts";
import type { BenchmarkOptions, Table } from "./report.ts";

/** Runs a benchmark where no other's garbage, compiled code or network namespace is. */
export async function inOwnProcess(
  name: string,
  options: BenchmarkOptions,
  signal: AbortSignal,
): Promise<readonly Table[]> {
  signal.throwIfAborted();
  const child = fork(import.meta.filename, [name, JSON.stringify(options)], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  let tables: readonly Table[] | undefined;
  // It is this very file that sends.
  child.once("message", (message) => (tables = message as readonly Table[]));
  // It cleans up and ends when it finds itself alone.
  signal.addEventListener("abort", () => child.connected && child.disconnect(), { once: true });
  await once(child, "exit");
  if (tables === undefined) throw new Error(`${name}: ${signal.aborted ? "stopped" : "failed, see above"}`);
  return tables;
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
    const tables = await benchmark?.run(stopping.signal, options);
    if (tables !== undefined) process.send?.(tables);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    if (process.connected) process.disconnect?.();
  }
}
