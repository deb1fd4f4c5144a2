import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Another BGP speaker, as the compliance suite needs it: AS 65210 at 10.0.0.2, its neighbour 10.0.0.1 in AS 65211. */
export interface PeerImplementation {
  readonly name: string;
  /** Whether it can sign its segments on Linux (RFC 2385). */
  readonly signs: boolean;
  /** Started, and answering questions. */
  start(namespace: string, options: PeerOptions): Promise<RunningPeer>;
}

export interface PeerOptions {
  /** Wait for the neighbour, never dial. */
  readonly passive: boolean;
  readonly md5Password?: string;
  readonly holdTimeSeconds: number;
  readonly gracefulRestart: boolean;
  /** Prefixes of IPv4 that it announces. */
  readonly announces: readonly string[];
}

export interface RunningPeer extends AsyncDisposable {
  /** The prefixes that it has from its neighbour. */
  routes(family: 4 | 6): Promise<string[]>;
}

const run = promisify(execFile);

/** A program in a namespace of its own, with a folder of its own. */
export class Program implements AsyncDisposable {
  readonly folder: string;
  readonly #namespace: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(namespace: string, folder: string) {
    this.#namespace = namespace;
    this.folder = folder;
  }

  static async in(namespace: string): Promise<Program> {
    return new Program(namespace, await mkdtemp(join(tmpdir(), "fairlead-peer-")));
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  start(...command: readonly string[]): void {
    this.#processes.push(spawn("ip", ["netns", "exec", this.#namespace, ...command], { stdio: "ignore" }));
  }

  /** What a command in the namespace prints. */
  async ask(...command: readonly string[]): Promise<string> {
    const { stdout } = await run("ip", ["netns", "exec", this.#namespace, ...command], { maxBuffer: 1 << 26 });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.splice(0)) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const exited = once(process, "exit");
      process.kill("SIGTERM");
      const patience = setTimeout(() => process.kill("SIGKILL"), 3_000);
      await exited;
      clearTimeout(patience);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
