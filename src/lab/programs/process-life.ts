/** Runs a program until SIGTERM or SIGINT asks it to end. */
export async function untilAsked(run: (signal: AbortSignal) => Promise<void>): Promise<never> {
  const asked = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => asked.abort(new Error(name)));
  try {
    await run(asked.signal);
  } catch (error) {
    if (!asked.signal.aborted) {
      warn("ended", error);
      process.exit(1);
    }
  }
  // What was started for others, as the pods of a kubelet, goes on without it.
  process.exit(0);
}

/** Into the process's log. */
export function warn(what: string, error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${what}: ${explain(error)}\n`);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`;
}
