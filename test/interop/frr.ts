import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
type Daemon = "zebra" | "bgpd" | "bfdd";

/** FRR in a network namespace of its own, with all its files in a folder of its own. */
export class Frr implements AsyncDisposable {
  readonly #namespace: string;
  /** Configuration, logs and sockets. */
  readonly folder: string;
  /** Besides zebra. */
  readonly #daemons: readonly Daemon[];
  #processes: ChildProcess[] = [];

  private constructor(namespace: string, daemons: readonly Daemon[], folder: string) {
    this.#namespace = namespace;
    this.#daemons = daemons;
    this.folder = folder;
  }

  /** Started and answering; `bgp` is the configuration from `router bgp` on. With bfdd if that is wanted. */
  static async start(namespace: string, bgp: string, { bfd = false } = {}): Promise<Frr> {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-frr-"));
    const frr = new Frr(namespace, [...(bfd ? (["bfdd"] as const) : []), "bgpd"], folder);
    try {
      await writeFile(join(folder, "zebra.conf"), "");
      await writeFile(join(folder, "bfdd.conf"), "");
      await writeFile(join(folder, "bgpd.conf"), bgp);
      await writeFile(join(folder, "vtysh.conf"), "");
      await run("chown", ["-R", "frr:frr", folder]);
      await frr.restart();
    } catch (error) {
      await frr[Symbol.asyncDispose]();
      throw error;
    }
    return frr;
  }

  /** Where it does not listen, it only dials. */
  async restart({ listens = true } = {}): Promise<void> {
    this.#processes.push(this.#spawn("zebra", listens));
    await zebraListens(this.folder);
    for (const daemon of this.#daemons) this.#processes.push(this.#spawn(daemon, listens));
    await until(`FRR in ${this.#namespace} answers`, () =>
      this.vtysh("show bgp summary json").then(isJson, () => false),
    );
    // Before that bgpd refuses `bgp graceful-restart`, of which it must tell zebra; and it asks bfdd by way of zebra.
    await until(`all of FRR in ${this.#namespace} have found zebra`, async () => {
      const clients = await this.vtysh("show zebra client summary");
      return this.#daemons.every((daemon) => new RegExp(`^${daemon.slice(0, -1)} `, "m").test(clients));
    });
  }

  /** As a power cut does it: without a word to anybody. */
  async kill(): Promise<void> {
    const processes = this.#processes.splice(0).reverse();
    for (const process of processes) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const exited = once(process, "exit");
      process.kill("SIGKILL");
      await exited;
    }
  }

  async vtysh(...commands: readonly string[]): Promise<string> {
    const { stdout } = await run("vtysh", [
      "--vty_socket",
      this.folder,
      "--config_dir",
      this.folder,
      ...commands.flatMap((command) => ["-c", command]),
    ]);
    return stdout;
  }

  /** What a `show … json` command prints. */
  async show(command: string): Promise<unknown> {
    return JSON.parse(await this.vtysh(`show ${command} json`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  #spawn(daemon: Daemon, listens: boolean): ChildProcess {
    const file = (name: string) => join(this.folder, name);
    const args = ["-f", file(`${daemon}.conf`), "-i", file(`${daemon}.pid`)];
    args.push("-z", file("zserv.api"), "--vty_socket", this.folder, "-P", "0", "--log", `file:${file("log")}`);
    if (daemon === "bgpd" && !listens) args.push("-p", "0");
    return spawn("ip", ["netns", "exec", this.#namespace, `/usr/lib/frr/${daemon}`, ...args], { stdio: "ignore" });
  }
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith("{");
}

/** Daemons that do not find zebra by its socket in `folder` try again ten seconds later. */
export function zebraListens(folder: string): Promise<void> {
  return until(`zebra listens in ${folder}`, () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(join(folder, "zserv.api"), () => resolve(true));
    socket.on("error", () => resolve(false));
    return promise.finally(() => socket.destroy());
  });
}

/** Asks again and again until `met` holds; throws with `what` after `boundMs`. */
export async function until(what: string, met: () => Promise<boolean> | boolean, boundMs = 30_000): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await met())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await wait(20);
  }
}
