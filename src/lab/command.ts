import { spawn } from "node:child_process";
import { LabError } from "./lab-error.ts";

export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end and resolves with what it wrote to standard output. Rejects with `lab.command` and what it
 * wrote to standard error when it ends with another status than 0, and with the signal's reason when it is aborted.
 */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const ended = await attempt(argv, options);
  if (ended.status === 0) return ended.stdout;
  const said = (ended.stderr.trim() || ended.stdout.trim()).slice(0, 2000);
  throw new LabError("lab.command", `${argv.join(" ")}: ended with ${ended.status ?? "a signal"}: ${said}`);
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Like `command`, for commands that say more by their status than success and failure. */
export async function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  options.signal?.throwIfAborted();
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError("a command without a name");
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      signal: options.signal,
      killSignal: "SIGKILL",
      env: { ...process.env, ...options.env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      if (options.signal?.aborted === true) reject(options.signal.reason as Error);
      else reject(new LabError("lab.command", `${file}: ${error.message}`, { cause: error }));
    });
    child.on("close", (status) =>
      resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
    // A command that ends before it has read its input is judged by its status, not by the broken pipe.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input);
  });
}
