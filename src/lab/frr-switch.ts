import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, command, type CommandOptions } from "./command.ts";
import type { HostProcess } from "./host-process.ts";
import { LabError } from "./lab-error.ts";
import type { Lab } from "./lab.ts";
import { until } from "./until.ts";

export interface BgpNeighbour {
  readonly address: string;
  readonly remoteAs: number;
}

export interface SwitchConfig {
  readonly as: number;
  readonly routerId: string;
  readonly maximumPaths: number;
  readonly keepaliveS: number;
  /** What the switch asks for; the session's is the lower of both sides' (RFC 4271 §4.2). */
  readonly holdTimeS: number;
  readonly neighbours: readonly BgpNeighbour[];
  /** Keep the routes of a neighbour that went without a word and offers it too (RFC 4724). */
  readonly gracefulRestart?: boolean | undefined;
  /** Watch the paths to the neighbours by BFD; they have to ask for the session themselves. */
  readonly bfd?: BfdTimes | undefined;
}

export interface BfdTimes {
  /** Between packets, both ways. */
  readonly intervalMs: number;
  readonly multiplier: number;
}

const daemonsFolder = "/usr/lib/frr";

/**
 * The switch's routing: FRR's zebra and bgpd in a host's namespace, with their sockets, pids and configuration in the
 * lab's folder, so that neither another lab nor the machine's own FRR is touched.
 */
export class FrrSwitch {
  readonly #folder: string;
  /** In the order in which they were started. */
  readonly #daemons: readonly HostProcess[];

  private constructor(folder: string, daemons: readonly HostProcess[]) {
    this.#folder = folder;
    this.#daemons = daemons;
  }

  /** Resolves when both daemons answer. */
  static async start(lab: Lab, host: string, config: SwitchConfig, signal?: AbortSignal): Promise<FrrSwitch> {
    const folder = join(lab.folder, host);
    await mkdir(folder, { recursive: true });
    // FRR's daemons give up root, and then make their sockets.
    await command(["chown", "frr:frr", folder], { signal });
    await writeFile(join(folder, "zebra.conf"), zebraConfig(host));
    await writeFile(join(folder, "bgpd.conf"), bgpdConfig(host, config));
    if (config.bfd !== undefined) await writeFile(join(folder, "bfdd.conf"), bfddConfig(host, config.bfd));
    await writeFile(join(folder, "vtysh.conf"), "no service integrated-vtysh-config\n");
    const zebra = await lab.run(host, { name: "zebra", argv: daemon(folder, "zebra") });
    await answers(folder, zebra, signal);
    const bfdd = config.bfd === undefined ? [] : [await lab.run(host, { name: "bfdd", argv: daemon(folder, "bfdd") })];
    for (const process of bfdd) await answers(folder, process, signal);
    const bgpd = await lab.run(host, { name: "bgpd", argv: daemon(folder, "bgpd") });
    await answers(folder, bgpd, signal);
    return new FrrSwitch(folder, [zebra, ...bfdd, bgpd]);
  }

  /** The arguments of a shell on this switch, for a person or with `-c COMMAND`. */
  get vtysh(): readonly string[] {
    return vtysh(this.#folder);
  }

  /** What a `show … json` command says; `unknown` because each command has a shape of its own. */
  async show(what: string, options?: CommandOptions): Promise<unknown> {
    const text = await command([...this.vtysh, "-c", `show ${what} json`], options);
    return text.trim() === "" ? {} : JSON.parse(text);
  }

  async configure(lines: readonly string[], options?: CommandOptions): Promise<void> {
    const commands = ["configure terminal", ...lines].flatMap((line) => ["-c", line]);
    await command([...this.vtysh, ...commands], options);
  }

  async stop(): Promise<void> {
    for (const process of this.#daemons.toReversed()) await process.stop();
  }
}

function daemon(folder: string, name: "zebra" | "bgpd" | "bfdd"): string[] {
  const options = {
    config_file: join(folder, `${name}.conf`),
    pid_file: join(folder, `${name}.pid`),
    socket: join(folder, "zserv.api"),
    vty_socket: folder,
    // No telnet: the vty is the socket.
    vty_port: "0",
    log: "stdout",
  };
  // A switch's BFD does not wait for a processor because the machine that plays it is busy: it would call nodes dead.
  const launcher = name === "bfdd" ? ["chrt", "--rr", "2"] : [];
  return [
    ...launcher,
    join(daemonsFolder, name),
    ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
  ];
}

function vtysh(folder: string): readonly string[] {
  return ["vtysh", "--vty_socket", folder, "--config_dir", folder];
}

async function answers(folder: string, process: HostProcess, signal?: AbortSignal): Promise<void> {
  const ask = async () => {
    const asked = await attempt([...vtysh(folder), "-d", process.name, "-c", "show version"], { signal });
    if (asked.status === 0 && asked.stdout.includes("FRRouting")) return true;
    if (process.running) return false;
    throw new LabError("lab.processEnded", `the switch's ${process.name} ended as it started, see ${process.logFile}`);
  };
  await until(`the switch's ${process.name} answers, see ${process.logFile}`, ask, { signal });
}

function zebraConfig(host: string): string {
  return lines(`hostname ${host}`, "log stdout informational");
}

function bfddConfig(host: string, { intervalMs, multiplier }: BfdTimes): string {
  return lines(
    `hostname ${host}`,
    "log stdout informational",
    "bfd",
    " profile lab",
    `  detect-multiplier ${multiplier}`,
    `  transmit-interval ${intervalMs}`,
    `  receive-interval ${intervalMs}`,
  );
}

function bgpdConfig(host: string, config: SwitchConfig): string {
  return lines(
    `hostname ${host}`,
    "log stdout informational",
    "log timestamp precision 3",
    `router bgp ${config.as}`,
    ` bgp router-id ${config.routerId}`,
    " bgp log-neighbor-changes",
    // RFC 8212 would have the switch take nothing without a policy; the scenario's switch has none.
    " no bgp ebgp-requires-policy",
    ...(config.gracefulRestart === true ? [" bgp graceful-restart"] : []),
    ...config.neighbours.flatMap((neighbour) => [
      ` neighbor ${neighbour.address} remote-as ${neighbour.remoteAs}`,
      ` neighbor ${neighbour.address} timers ${config.keepaliveS} ${config.holdTimeS}`,
      ` neighbor ${neighbour.address} timers connect 1`,
      ...(config.bfd === undefined ? [] : [` neighbor ${neighbour.address} bfd profile lab`]),
    ]),
    " address-family ipv4 unicast",
    `  maximum-paths ${config.maximumPaths}`,
    " exit-address-family",
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
