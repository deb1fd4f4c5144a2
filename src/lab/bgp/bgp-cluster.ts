import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KubernetesObject } from "../../kubernetes/resources/index.ts";
import { startControllers, startKubelet } from "../cluster/cluster-processes.ts";
import type { HostProcess } from "../host-process.ts";
import { LabError } from "../lab-error.ts";
import { Lab, type UpOptions } from "../lab.ts";
import { FrrSwitch, type BfdTimes } from "../frr-switch.ts";
import { programArgv } from "../program.ts";
import { bgpSwitch, bgpTopology } from "../topology-bgp.ts";
import { hostsOf } from "../topology.ts";
import { until } from "../until.ts";

/** The scenario's networks: services, and all pods of all nodes. */
const serviceNetwork = "10.233.0.0/18";
const podNetwork = "10.233.64.0/18";

/** How soon the lab's nodes are called dead: sooner than Kubernetes does, for a story should be short. */
const heartbeatMs = 500;
const nodeGraceMs = 2_500;

interface ClusterOptions extends UpOptions {
  readonly bfd?: BfdTimes | undefined;
  /** The switch offers graceful restart. */
  readonly gracefulRestart?: boolean;
  /** Said to each agent beside the usual. */
  readonly agentArguments?: readonly string[];
}

/** The scenario `bgp` as it stands before anybody configured anything: network, switch, API, nodes, Fairlead. */
export class BgpCluster {
  readonly lab: Lab;
  readonly switch: FrrSwitch;
  readonly kubeconfig: string;
  readonly #agents = new Map<string, HostProcess>();
  readonly #detection: BfdTimes | undefined;

  readonly #agentArguments: readonly string[];

  private constructor(lab: Lab, frr: FrrSwitch, kubeconfig: string, { bfd, agentArguments = [] }: ClusterOptions) {
    this.#detection = bfd;
    this.#agentArguments = agentArguments;
    this.lab = lab;
    this.switch = frr;
    this.kubeconfig = kubeconfig;
  }

  /**
   * Resolves when three nodes are ready and Fairlead runs; what was built is removed if it fails. With `bfd` the switch
   * is ready for sessions at these times, and the nodes watch each other at them; without it nobody watches anybody.
   */
  static async up(options: ClusterOptions = {}): Promise<BgpCluster> {
    const lab = await Lab.up(bgpTopology, options);
    try {
      const { bfd, gracefulRestart, signal } = options;
      const frr = await FrrSwitch.start(lab, "switch", { ...bgpSwitch, bfd, gracefulRestart }, signal);
      const kubeconfig = await startApi(lab, options.signal);
      await startControllers(lab, "api", { kubeconfig, nodeGraceMs });
      const cluster = new BgpCluster(lab, frr, kubeconfig, options);
      await Promise.all(cluster.nodes.map((node) => startKubelet(lab, node, { kubeconfig, heartbeatMs })));
      await cluster.kubectl(["apply", "-f", manifest("namespace")]);
      await until("all nodes are ready", () => cluster.#allReady(), { signal: options.signal });
      await lab.run("api", { name: "fairlead-controller", argv: fairlead("controller", "--kubeconfig", kubeconfig) });
      for (const node of cluster.nodes) await cluster.startAgent(node);
      return cluster;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  get nodes(): readonly string[] {
    return hostsOf(this.lab.topology, "node").map((host) => host.name);
  }

  kubectl(args: readonly string[], signal?: AbortSignal): Promise<string> {
    return this.lab.exec("api", [kubectlPath(), "--kubeconfig", this.kubeconfig, ...args], { signal });
  }

  /** Applies an object that no file has. */
  async applyObject(object: KubernetesObject): Promise<void> {
    const file = join(this.lab.folder, `${object.kind}-${object.metadata.name}.json`);
    await writeFile(file, JSON.stringify(object));
    await this.kubectl(["apply", "-f", file]);
  }

  async json<Value>(args: readonly string[], signal?: AbortSignal): Promise<Value> {
    return JSON.parse(await this.kubectl([...args, "-o", "json"], signal)) as Value;
  }

  fairlead(args: readonly string[], signal?: AbortSignal): Promise<string> {
    return this.lab.exec("api", fairlead(...args, "--kubeconfig", this.kubeconfig), { signal });
  }

  async startAgent(node: string): Promise<void> {
    const access = ["--kubeconfig", this.kubeconfig, "--node-name", node];
    const detection = this.#detection && `${this.#detection.intervalMs}x${this.#detection.multiplier}`;
    const proxy = ["--proxy", "--pod-network", podNetwork, "--node-detection", detection ?? "off"];
    const argv = fairlead("node", ...access, ...proxy, ...this.#agentArguments);
    this.#agents.set(node, await this.lab.run(node, { name: "fairlead-node", argv }));
  }

  /** Stops a node's agent in good order: it withdraws first, and leaves after. */
  async stopAgent(node: string): Promise<void> {
    await this.#agents.get(node)?.stop(10_000);
    this.#agents.delete(node);
  }

  /** Starts an agent beside the one that runs, whose place it is to take. Resolves with that one. */
  async startSuccessor(node: string): Promise<HostProcess> {
    const old = this.#agents.get(node);
    if (old === undefined) throw new LabError("lab.processEnded", `${node} has no agent that could be succeeded`);
    await this.startAgent(node);
    return old;
  }

  /** A node's agent is gone at once, without a word; its node lives. */
  async killAgent(node: string): Promise<void> {
    await this.#agents.get(node)?.kill();
    this.#agents.delete(node);
  }

  /** The power of a node fails. */
  async kill(node: string): Promise<void> {
    await this.lab.kill(node);
    this.#agents.delete(node);
  }

  /** A node that was killed comes back, with everything that runs on it. */
  async boot(node: string, signal?: AbortSignal): Promise<void> {
    await this.lab.boot(node, signal);
    await startKubelet(this.lab, node, { kubeconfig: this.kubeconfig, heartbeatMs });
    await this.startAgent(node);
  }

  async #allReady(): Promise<boolean> {
    const { items } = await this.json<NodeList>(["get", "nodes"]);
    const ready = items.filter((node) =>
      node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
    );
    return ready.length === this.nodes.length;
  }
}

interface NodeList {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

type ManifestName =
  | "namespace"
  | "resources"
  | "resources-graceful-restart"
  | "legacy-configmap"
  | "workload"
  | "workload-local";

/** The path of a manifest of the scenario. */
export function manifest(name: ManifestName): string {
  return fileURLToPath(new URL(`../scenarios/bgp/${name}.yaml`, import.meta.url));
}

async function startApi(lab: Lab, signal: AbortSignal | undefined): Promise<string> {
  const kubeconfig = join(lab.folder, "kubeconfig");
  const [address = ""] = lab.host("api").interfaces.map((each) => each.address.split("/")[0] ?? "");
  const process = await lab.run("api", {
    name: "api-server",
    argv: programArgv("api-server", {
      database: join(lab.folder, "api.sqlite"),
      host: address,
      port: "6443",
      "service-network": serviceNetwork,
      kubeconfig,
    }),
  });
  await until(
    "the API server answers",
    async () => {
      if (process.running) return existsSync(kubeconfig);
      throw new Error(`the API server ended as it started: ${await readFile(process.logFile, "utf8")}`);
    },
    { signal },
  );
  return kubeconfig;
}

/** The command of Fairlead itself, from its sources where this file is one. */
export function fairlead(...args: readonly string[]): string[] {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return [process.execPath, fileURLToPath(new URL(`../../cli/main.${extension}`, import.meta.url)), ...args];
}

/** `KUBECTL`, the one that the project's set-up unpacked, or the machine's. */
export function kubectlPath(): string {
  const unpacked = fileURLToPath(new URL("../../../node_modules/.cache/fairlead/kubectl", import.meta.url));
  return process.env["KUBECTL"] ?? (existsSync(unpacked) ? unpacked : "kubectl");
}
