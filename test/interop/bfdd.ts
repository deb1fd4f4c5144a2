import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until, zebraListens } from "./frr.ts";

const run = promisify(execFile);

/** What `show bfd peers json` says of one. */
export interface BfddPeer {
  readonly peer: string;
  readonly status: "up" | "init" | "down" | "shutdown";
  readonly diagnostic: string;
  readonly "remote-diagnostic": string;
  readonly "remote-receive-interval": number;
  readonly "remote-transmit-interval": number;
  readonly "remote-detect-multiplier": number;
  readonly "remote-echo-receive-interval": number;
}

/** What `show bfd peers counters json` says of one. */
export interface BfddCounters {
  readonly peer: string;
  readonly "control-packet-input": number;
  readonly "control-packet-output": number;
  readonly "echo-packet-input": number;
  readonly "echo-packet-output": number;
}

/** FRR's bfdd, with the zebra that it needs, in a network namespace, with all its files in a folder of its own. */
export class Bfdd implements AsyncDisposable {
  readonly #namespace: string;
  readonly #folder: string;
  readonly #processes: ChildProcess[] = [];

  readonly #launcher: readonly string[];

  private constructor(namespace: string, folder: string, launcher: readonly string[]) {
    this.#namespace = namespace;
    this.#folder = folder;
    this.#launcher = launcher;
  }

  /**
   * Started and answering; `bfd` is the configuration below `bfd`, `launcher` a command that runs the command after it: by
   * default with the niceness of FRR's own service unit. With `bgp`, a configuration from `router bgp` on, bgpd runs beside
   * it.
   */
  static async start(
    namespace: string,
    bfd: readonly string[],
    launcher = ["nice", "-n", "-5"],
    bgp?: string,
  ): Promise<Bfdd> {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bfdd-"));
    const bfdd = new Bfdd(namespace, folder, launcher);
    try {
      await writeFile(join(folder, "zebra.conf"), "");
      await writeFile(join(folder, "vtysh.conf"), "");
      await writeFile(join(folder, "bfdd.conf"), ["bfd", ...bfd.map((line) => ` ${line}`), ""].join("\n"));
      if (bgp !== undefined) await writeFile(join(folder, "bgpd.conf"), bgp);
      await run("chown", ["-R", "frr:frr", folder]);
      await bfdd.#start();
      if (bgp !== undefined) bfdd.#processes.unshift(bfdd.#spawn("bgpd", []));
    } catch (error) {
      await bfdd[Symbol.asyncDispose]();
      throw error;
    }
    return bfdd;
  }

  /** All peers, or an empty list where the answer is none. */
  async peers(): Promise<BfddPeer[]> {
    return JSON.parse(await this.vtysh("show bfd peers json")) as BfddPeer[]; // FRR's form
  }

  async counters(): Promise<BfddCounters[]> {
    return JSON.parse(await this.vtysh("show bfd peers counters json")) as BfddCounters[]; // FRR's form
  }

  async peer(address: string): Promise<BfddPeer | undefined> {
    return (await this.peers()).find(({ peer }) => peer === address);
  }

  async vtysh(...commands: readonly string[]): Promise<string> {
    const where = ["--vty_socket", this.#folder, "--config_dir", this.#folder];
    const { stdout } = await run("vtysh", [...where, ...commands.flatMap((command) => ["-c", command])]);
    return stdout;
  }

  /** Changes the running configuration below `bfd`. */
  async configure(...lines: readonly string[]): Promise<void> {
    await this.vtysh("configure terminal", "bfd", ...lines);
  }

  /** bfdd does nothing any more, until `resume`. */
  pause(): void {
    this.#processes.at(-1)?.kill("SIGSTOP");
  }

  resume(): void {
    this.#processes.at(-1)?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const exited = once(process, "exit");
      process.kill("SIGKILL");
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.#processes.push(this.#spawn("zebra", []));
    await zebraListens(this.#folder);
    this.#processes.push(this.#spawn("bfdd", ["--bfdctl", join(this.#folder, "bfdd.sock")]));
    await until(`bfdd in ${this.#namespace} answers`, () =>
      this.peers().then(
        () => true,
        () => false,
      ),
    );
  }

  #spawn(daemon: string, more: readonly string[]): ChildProcess {
    const file = (name: string) => join(this.#folder, name);
    const args = ["-f", file(`${daemon}.conf`), "-i", file(`${daemon}.pid`), "-z", file("zserv.api")];
    args.push("--vty_socket", this.#folder, "--log", `file:${file("log")}`, ...more);
    if (daemon !== "bfdd") args.push("-P", "0");
    const command = [...this.#launcher, `/usr/lib/frr/${daemon}`, ...args];
    return spawn("ip", ["netns", "exec", this.#namespace, ...command], { stdio: "ignore" });
  }
}
