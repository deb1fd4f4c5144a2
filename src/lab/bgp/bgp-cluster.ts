import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KubernetesObject } from "../../kubernetes/resources/index.ts";
import type { ApiChoice, ClusterApi, ProxyChoice } from "../cluster/cluster-api.ts";
import { startKubelet } from "../cluster/cluster-processes.ts";
import type { ProgramsByImage } from "../cluster/pod-programs.ts";
import { startEmbeddedApi } from "../cluster/embedded-api.ts";
import { requireIpvs, startKubeProxy, type KubeProxyMode } from "../cluster/kube-proxy.ts";
import { startKubernetesApi } from "../cluster/kubernetes-api.ts";
import { containerArgv } from "../image/container.ts";
import { unpackImage, type ContainerImage } from "../image/container-image.ts";
import { asInContainer, fairlead, kubectl } from "../commands.ts";
import type { HostProcess } from "../host-process.ts";
import { Lab, type UpOptions } from "../lab.ts";
import { LabError } from "../lab-error.ts";
import { FrrSwitch, type BfdTimes } from "../frr-switch.ts";
import { bgpSwitch, bgpTopology } from "../topology-bgp.ts";
import { hostsOf } from "../topology.ts";
import { until } from "../until.ts";
import { podAgent, processAgent, type Agent } from "./agent.ts";
import { agentPod, agentPodNames } from "./agent-pod.ts";

/** The scenario's networks: services, and all pods of all nodes. */
const serviceNetwork = "10.233.0.0/18";
const podNetwork = "10.233.64.0/18";

/** Where the scenario has Fairlead's configuration. */
const configurationNamespace = "metallb-system";

/** What a cluster is made of. */
export interface ClusterChoices {
  /** The embedded API server with the lab's controllers, by default, or Kubernetes' own control plane. */
  readonly api?: ApiChoice | undefined;
  /** Who takes Services' traffic to pods: Fairlead, by default, or Kubernetes' own proxy in one of its modes. */
  readonly proxy?: ProxyChoice | undefined;
  /** An OCI layout: controller and agents run on its files, the agents as pods of their nodes' kubelets. */
  readonly image?: string | undefined;
}

export interface BgpClusterOptions extends UpOptions, ClusterChoices {
  readonly bfd?: BfdTimes | undefined;
  /** The switch offers graceful restart. */
  readonly gracefulRestart?: boolean;
  /** Said to each agent beside the usual. */
  readonly agentArguments?: readonly string[];
  /** Nobody gives Services addresses, nor announces them, until somebody is started who does. */
  readonly withoutFairlead?: boolean;
  /** Run by the kubelets for pods of these images; the pods are given their service accounts. */
  readonly programs?: ProgramsByImage;
}

const kubeProxyModes = {
  "kube-proxy": "nftables",
  "kube-proxy-ipvs": "ipvs",
} as const satisfies Record<Exclude<ProxyChoice, "fairlead">, KubeProxyMode>;

/** The scenario `bgp` as it stands before anybody configured anything: network, switch, API, nodes, Fairlead. */
export class BgpCluster {
  readonly lab: Lab;
  readonly switch: FrrSwitch;
  readonly api: ClusterApi;
  readonly proxy: ProxyChoice;
  readonly #agents = new Map<string, Agent>();
  /** Of the agents that are pods, by their nodes. */
  readonly #podNames = new Map<string, string>();
  readonly #detection: BfdTimes | undefined;

  readonly #agentArguments: readonly string[];
  readonly #image: ContainerImage | undefined;
  readonly #programs: ProgramsByImage | undefined;
  #controller: HostProcess | undefined;

  private constructor(
    lab: Lab,
    frr: FrrSwitch,
    api: ClusterApi,
    { image, ...options }: Omit<BgpClusterOptions, "image"> & { readonly image: ContainerImage | undefined },
  ) {
    this.#image = image;
    this.#detection = options.bfd;
    this.#agentArguments = options.agentArguments ?? [];
    this.#programs = options.programs;
    this.lab = lab;
    this.switch = frr;
    this.api = api;
    this.proxy = options.proxy ?? "fairlead";
  }

  /**
   * Resolves when three nodes are ready and Fairlead runs; what was built is removed if it fails. With `bfd` the switch
   * is ready for sessions at these times, and the nodes watch each other at them; without it nobody watches anybody.
   */
  static async up(options: BgpClusterOptions = {}): Promise<BgpCluster> {
    const { proxy = "fairlead" } = options;
    if (proxy !== "fairlead" && options.api !== "kubernetes") {
      throw new LabError("lab.apiChoice", `--proxy ${proxy} reads Protocol Buffers only: it needs --api kubernetes`);
    }
    if (proxy === "kube-proxy-ipvs") await requireIpvs(options.signal);
    const lab = await Lab.up(bgpTopology, options);
    try {
      const { bfd, gracefulRestart, signal } = options;
      const frr = await FrrSwitch.start(lab, "switch", { ...bgpSwitch, bfd, gracefulRestart }, signal);
      const startApi = options.api === "kubernetes" ? startKubernetesApi : startEmbeddedApi;
      const api = await startApi(lab, { serviceNetwork, signal });
      const image = options.image === undefined ? undefined : await unpackImage(options.image, imageFolderOf(lab));
      const cluster = new BgpCluster(lab, frr, api, { ...options, image });
      await cluster.kubectl(["apply", "-f", manifest("namespace")]);
      await Promise.all(cluster.nodes.map((node) => cluster.#startNode(node)));
      await until("all nodes are ready", () => cluster.#allReady(), { signal: options.signal });
      if (options.withoutFairlead === true) return cluster;
      await cluster.startController();
      for (const node of cluster.nodes) await cluster.startAgent(node);
      return cluster;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** The administrator's. */
  get kubeconfig(): string {
    return this.api.kubeconfig;
  }

  get nodes(): readonly string[] {
    return hostsOf(this.lab.topology, "node").map((host) => host.name);
  }

  kubectl(args: readonly string[], signal?: AbortSignal): Promise<string> {
    return this.lab.exec("api", kubectl(this.kubeconfig, args), { signal });
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

  async startController(): Promise<void> {
    const kubeconfig = await this.api.fairleadKubeconfig("controller", configurationNamespace);
    const args = ["controller", "--kubeconfig", kubeconfig];
    const volume = this.lab.folder;
    const argv =
      this.#image === undefined ? fairlead(...args) : containerArgv(this.#image, { args, capabilities: [], volume });
    this.#controller = await this.lab.run("api", { name: "fairlead-controller", argv });
  }

  /** Stops the controller in good order: it gives its lease back. */
  async stopController(): Promise<void> {
    await this.#controller?.stop(10_000);
  }

  /** The controller is gone at once, without a word, and with whatever it was doing. */
  async killController(): Promise<void> {
    await this.#controller?.kill();
  }

  async startAgent(node: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    // A node that was without power has pods that nobody has removed.
    if (this.#image !== undefined) for (const name of agentPodNames(node)) await this.#podAgent(name).kill();
    await this.#startAgent(node, agentPodNames(node)[0], env);
  }

  /** `podName` is for an agent that is a pod. */
  async #startAgent(node: string, podName: string, env: Readonly<Record<string, string>>): Promise<void> {
    const kubeconfig = await this.api.fairleadKubeconfig("node", configurationNamespace);
    const access = ["--kubeconfig", kubeconfig, "--node-name", node];
    const detection = this.#detection && `${this.#detection.intervalMs}x${this.#detection.multiplier}`;
    const proxy = ["--proxy", "--pod-network", podNetwork, "--node-detection", detection ?? "off"];
    const args = ["node", ...access, ...(this.proxy === "fairlead" ? proxy : []), ...this.#agentArguments];
    if (this.#image !== undefined) {
      const image = this.#image.reference;
      await this.applyObject(agentPod({ name: podName, node, namespace: configurationNamespace, image, args, env }));
      this.#agents.set(node, this.#podAgent(podName));
      this.#podNames.set(node, podName);
      return;
    }
    const argv = asInContainer(fairlead(...args));
    this.#agents.set(node, processAgent(await this.lab.run(node, { name: "fairlead-node", argv, env })));
  }

  /** Stops a node's agent in good order: it withdraws first, and leaves after. */
  async stopAgent(node: string): Promise<void> {
    await this.#agents.get(node)?.stop();
    this.#agents.delete(node);
  }

  /** Starts an agent beside the one that runs, whose place it is to take. Resolves with that one. */
  async startSuccessor(node: string): Promise<Agent> {
    const old = this.#agents.get(node);
    if (old === undefined) throw new LabError("lab.processEnded", `${node} has no agent that could be succeeded`);
    const [first, second] = agentPodNames(node);
    await this.#startAgent(node, this.#podNames.get(node) === first ? second : first, {});
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
    await this.#startNode(node);
    await this.startAgent(node);
  }

  #podAgent(name: string): Agent {
    return podAgent((args) => this.kubectl(args), [name, "--namespace", configurationNamespace]);
  }

  /** What a node has without Fairlead. */
  async #startNode(node: string): Promise<void> {
    const kubeconfig = await this.api.kubeletKubeconfig(node);
    const imageFolder = this.#image && imageFolderOf(this.lab);
    const programsFile = this.#programs && join(this.lab.folder, "programs.json");
    if (programsFile !== undefined) await writeFile(programsFile, JSON.stringify(this.#programs));
    const sources = { imageFolder, programsFile };
    await startKubelet(this.lab, node, { kubeconfig, heartbeatMs: this.api.heartbeatMs, ...sources });
    if (this.proxy === "fairlead") return;
    const mode = kubeProxyModes[this.proxy];
    await startKubeProxy(this.lab, node, { kubeconfig: await this.api.proxyKubeconfig(), podNetwork, mode });
  }

  async #allReady(): Promise<boolean> {
    const { items } = await this.json<NodeList>(["get", "nodes"]);
    const ready = items.filter((node) =>
      node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
    );
    return ready.length === this.nodes.length;
  }
}

function imageFolderOf(lab: Lab): string {
  return join(lab.folder, "image");
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
