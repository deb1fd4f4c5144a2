import { rm } from "node:fs/promises";
import { join } from "node:path";
import { command, type CommandOptions } from "./command.ts";
import { HostProcess, type ProcessSpec } from "./host-process.ts";
import { claimFolder, readManifest, recordProcess, writeManifest } from "./lab-folder.ts";
import { LabError } from "./lab-error.ts";
import { hostNamespace, hostRunFolder, labFolder, podNamespacePrefix, randomLabId, wiresNamespace } from "./names.ts";
import { inside, ipBatch, namespacesStartingWith } from "./namespaces.ts";
import { removeNamespaces, takeDown } from "./take-down.ts";
import { hostNamed, type Host, type Topology } from "./topology.ts";
import { buildHosts, buildSegments, portOf, unplug } from "./wiring.ts";

export interface UpOptions {
  /** Up to ten of a-z and 0-9; a free one by default. */
  readonly id?: string;
  /** Aborted while the lab is built, what was built is removed. */
  readonly signal?: AbortSignal;
}

/** A network of namespaces on this machine, with processes on its hosts. */
export class Lab {
  readonly id: string;
  readonly topology: Topology;
  readonly folder: string;
  /** In the order in which they were started. */
  readonly #processes: { readonly host: string; readonly process: HostProcess }[] = [];

  private constructor(id: string, topology: Topology) {
    this.id = id;
    this.topology = topology;
    this.folder = labFolder(id);
  }

  /** Builds the network: hosts, links, addresses, routes. Nothing runs on it yet. */
  static async up(topology: Topology, options: UpOptions = {}): Promise<Lab> {
    requireRoot();
    const id = options.id ?? randomLabId();
    await claimFolder(id, topology);
    try {
      await buildSegments(id, topology, options.signal);
      await buildHosts(id, topology.hosts, options.signal);
      return new Lab(id, topology);
    } catch (error) {
      await takeDown(id);
      throw error;
    }
  }

  /** A lab that another process has built, to look around in it or to run more on it. */
  static async open(id: string): Promise<Lab> {
    requireRoot();
    const manifest = await readManifest(id);
    if (manifest === undefined) throw new LabError("lab.noSuchLab", `there is no lab ${id}`);
    return new Lab(id, manifest.topology);
  }

  host(name: string): Host {
    const host = hostNamed(this.topology, name);
    if (host !== undefined) return host;
    const names = this.topology.hosts.map((each) => each.name).join(", ");
    throw new LabError("lab.noSuchHost", `lab ${this.id} has no host ${name}; its hosts are ${names}`);
  }

  namespace(host: string): string {
    return hostNamespace(this.id, this.host(host).name);
  }

  /** Runs a command on a host to its end and resolves with its standard output. */
  async exec(host: string, argv: readonly string[], options?: CommandOptions): Promise<string> {
    return command(inside(this.namespace(host), argv), options);
  }

  /** Starts a process on a host. It ends with the lab, with its host, or when it is stopped. */
  async run(host: string, spec: ProcessSpec): Promise<HostProcess> {
    const process = await HostProcess.start(this.namespace(host), join(this.folder, host), spec);
    this.#processes.push({ host, process });
    await recordProcess(this.id, { host, name: spec.name, ...process.id });
    return process;
  }

  /** A process that was started last under this name, and runs. */
  running(host: string, name: string): HostProcess | undefined {
    return this.#processes.findLast((each) => each.host === host && each.process.name === name && each.process.running)
      ?.process;
  }

  /** The link of a host goes down, at its own side too: both see it. */
  async pullCable(host: string, segment: string): Promise<void> {
    await ipBatch(wiresNamespace(this.id), [`link set dev ${this.#port(host, segment)} down`]);
  }

  /** All frames from and to a host are dropped by the segment's bridge, while both sides keep their carrier. */
  async blackhole(host: string, segment: string): Promise<void> {
    // Bridge port state 0, "disabled": if_bridge.h.
    await command([
      "bridge",
      "-n",
      wiresNamespace(this.id),
      "link",
      "set",
      "dev",
      this.#port(host, segment),
      "state",
      "0",
    ]);
  }

  /** Undoes `pullCable` and `blackhole`. */
  async heal(host: string, segment: string): Promise<void> {
    const port = this.#port(host, segment);
    await ipBatch(wiresNamespace(this.id), [`link set dev ${port} up`]);
    // Bridge port state 3, "forwarding".
    await command(["bridge", "-n", wiresNamespace(this.id), "link", "set", "dev", port, "state", "3"]);
  }

  /** The power fails: the host's links, processes, pods and all that its kernel knew are gone, without a word. */
  async kill(name: string): Promise<void> {
    const host = this.host(name);
    await unplug(this.id, host);
    const pods = await namespacesStartingWith(podNamespacePrefix(this.id, name));
    await removeNamespaces([this.namespace(name), ...pods]);
    await rm(hostRunFolder(this.id, name), { recursive: true, force: true });
    await Promise.all(this.#take(name).map(async (process) => process.ended));
  }

  /** The power is back on a host that was killed: its network is as it was at first, and nothing runs on it. */
  async boot(name: string, signal?: AbortSignal): Promise<void> {
    await buildHosts(this.id, [this.host(name)], signal);
  }

  /** Leaves the lab running after this process has ended; anybody may take it down from then on. */
  async leaveRunning(): Promise<void> {
    for (const { process } of this.#processes) process.release();
    await writeManifest({ id: this.id, topology: this.topology });
  }

  /** Stops the processes, the last started first, and removes all that was made. */
  async down(): Promise<void> {
    for (const { process } of this.#processes.splice(0).reverse()) await process.stop(2000);
    await takeDown(this.id);
  }

  #port(host: string, segment: string): string {
    return portOf(this.host(host), segment);
  }

  #take(host: string): HostProcess[] {
    const taken = this.#processes.filter((each) => each.host === host).map((each) => each.process);
    const kept = this.#processes.filter((each) => each.host !== host);
    this.#processes.splice(0, this.#processes.length, ...kept);
    return taken;
  }
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new LabError("lab.notRoot", "the lab makes network namespaces, which takes root: run it with sudo");
}
