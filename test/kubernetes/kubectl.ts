import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const binary = join(import.meta.dirname, "../../node_modules/.cache/fairlead/kubectl");
const execute = promisify(execFile);

/** The stock kubectl as a user has it, in a home of its own. */
export class Kubectl implements AsyncDisposable {
  readonly #folder: string;
  readonly #following = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** At home in `namespace`. */
  static async with(kubeconfig: string, namespace = "default"): Promise<Kubectl> {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-kubectl-"));
    await writeFile(join(folder, "config"), kubeconfig, { mode: 0o600 });
    const kubectl = new Kubectl(folder);
    if (namespace !== "default") await kubectl.run("config", "set-context", "--current", `--namespace=${namespace}`);
    return kubectl;
  }

  /** The file that it reads. */
  get kubeconfig(): string {
    return join(this.#folder, "config");
  }

  /** What it prints; rejects when it ends with another status than 0. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(binary, args, this.#options());
    return stdout;
  }

  /** With these variables in its environment. */
  async runWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
    const options = this.#options();
    const { stdout } = await execute(binary, args, { ...options, env: { ...options.env, ...env } });
    return stdout;
  }

  /** The lines that it prints, columns parted by one blank. */
  async lines(...args: readonly string[]): Promise<string[]> {
    const text = await this.run(...args);
    return text
      .trim()
      .split("\n")
      .map((line) => line.trim().replace(/ {2,}/g, " "));
  }

  async json(...args: readonly string[]): Promise<Shown> {
    return JSON.parse(await this.run(...args, "-o", "json")) as Shown;
  }

  /** What it says on standard error when it is refused; rejects when it is not. */
  async refused(...args: readonly string[]): Promise<string> {
    try {
      await execute(binary, args, this.#options());
    } catch (error) {
      if (error instanceof Error && "stderr" in error && typeof error.stderr === "string") return error.stderr;
      throw error;
    }
    throw new Error(`kubectl ${args.join(" ")}: was not refused`);
  }

  /** A manifest in a file, for `-f`. */
  async file(name: string, content: object | string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  /** Runs until it is disposed of; `lines` grows. */
  follow(...args: readonly string[]): { readonly lines: string[]; readonly stop: () => Promise<void> } {
    const child = spawn(binary, args, { ...this.#options(), stdio: ["ignore", "pipe", "inherit"] });
    const lines: string[] = [];
    this.#following.add(child);
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line.replace(/ {2,}/g, " ").trim()));
    return { lines, stop: () => this.#stop(child) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#following].map((child) => this.#stop(child)));
    await rm(this.#folder, { recursive: true });
  }

  async #stop(child: ChildProcess): Promise<void> {
    if (!this.#following.delete(child)) return;
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }

  #options(): { env: NodeJS.ProcessEnv } {
    return { env: { PATH: process.env["PATH"], HOME: this.#folder, KUBECONFIG: join(this.#folder, "config") } };
  }
}

/** An object as kubectl prints it: what a test asks for is there, or the test fails. */
export interface Shown {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly managedFields?: readonly { readonly manager: string }[];
  };
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown>;
  readonly data?: Record<string, string>;
  readonly items: readonly Shown[];
}

/** Waits until `condition` gives a value that is true, and returns it. */
export async function eventually<Value>(what: string, condition: () => Value | Promise<Value>): Promise<Value> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
}
