import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../interop/frr.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How a process ended, and all that it has said. */
export interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `fairlead …` as a process of its own. */
export class Fairlead implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    // `close` comes after the last of the output.
    this.#ended = once(this.#child, "close");
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Waits until the process has said it; throws with all that it said instead if it ends or does not say it. */
  async says(what: RegExp): Promise<void> {
    await until(`${String(what)} is said`, () => !this.running || what.test(this.output)).catch(() => {});
    if (!what.test(this.output)) throw new Error(`${String(what)} was not said, but:\n${this.output}`);
  }

  async end(): Promise<End> {
    await this.#ended;
    return { status: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  send(signal: NodeJS.Signals): Promise<End> {
    this.signal(signal);
    return this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.send("SIGKILL");
  }
}
