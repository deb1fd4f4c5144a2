import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Milliseconds since 1970, with their fraction: comparable with what other processes say. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A process whose standard output is lines of JSON with a `time` in milliseconds since 1970, as our agents' logs are. */
export class MeasuredProcess implements AsyncDisposable {
  readonly startedAt: number;
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.startedAt = nowMs();
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** From the start until it said a line with these words, by its own clock: what delays the reader does not count. */
  async saidAfterMs(words: string): Promise<number> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`${this.#child.spawnargs.join(" ")}: ended before it said "${words}"`);
      if (!value.includes(words)) continue;
      const { time } = JSON.parse(value) as { time: number };
      return time - this.startedAt;
    }
  }

  /** What it has of the machine's memory now, and had at most. */
  async memoryMiB(): Promise<{ readonly resident: number; readonly peak: number }> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
    return { resident: field("VmRSS"), peak: field("VmHWM") };
  }

  /** Processor time so far, its own and the kernel's for it; proc_pid_stat(5), in the usual ticks of 10 ms. */
  async processorMs(): Promise<number> {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, "utf8");
    // After the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Stops it in good order. */
  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, "SIGTERM");
  }
}

/** Ends a process and waits until it is gone. */
export async function end(process: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null || process.pid === undefined) return;
  const exited = once(process, "exit");
  process.kill(signal);
  await exited;
}
