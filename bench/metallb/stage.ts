import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { BgpCluster, RouteMonitor, until, type HostProcess } from "../../src/lab/index.ts";
import { Client, loadKubeconfig } from "../../src/kubernetes/client/index.ts";
import { enterNamespace } from "../../test/interop/namespaces.ts";
import { nowMs } from "../measured-process.ts";
import { Vty } from "../vty.ts";
import { Services } from "./services.ts";

/** What the switch knows of one node. */
export interface SwitchPeer {
  readonly established: boolean;
  readonly prefixes: number;
}

/** The lab's cluster on Kubernetes' own control plane, with nobody in it who gives Services their addresses. */
export class Stage implements AsyncDisposable {
  readonly cluster: BgpCluster;
  readonly services: Services;
  readonly routes: RouteMonitor;
  readonly apiServer: HostProcess;
  readonly #vty: Vty;
  readonly #stack: AsyncDisposableStack;
  #asked = Promise.resolve("");
  readonly #signal: AbortSignal;

  private constructor(
    cluster: BgpCluster,
    parts: { readonly services: Services; readonly routes: RouteMonitor; readonly vty: Vty },
    apiServer: HostProcess,
    stack: AsyncDisposableStack,
    signal: AbortSignal,
  ) {
    this.cluster = cluster;
    this.services = parts.services;
    this.routes = parts.routes;
    this.apiServer = apiServer;
    this.#vty = parts.vty;
    this.#stack = stack;
    this.#signal = signal;
  }

  /** Moves this process to the lab's management network, to be where the API server is. */
  static async start(stop: AbortSignal): Promise<Stage> {
    await using undo = new AsyncDisposableStack();
    const over = new AbortController();
    const signal = AbortSignal.any([stop, over.signal]);
    undo.defer(() => over.abort());
    const cluster = await BgpCluster.up({ api: "kubernetes", withoutFairlead: true, signal: stop });
    undo.defer(() => cluster.lab.down());
    // The lab's short hold time is for its stories: who is busy here must not lose his session for it.
    const neighbours = cluster.nodes.map((node) => addressOf(cluster, node));
    await cluster.switch.configure([
      "router bgp 65210",
      ...neighbours.map((address) => `neighbor ${address} timers 30 90`),
    ]);
    await cluster.kubectl(["apply", "-f", join(import.meta.dirname, "resources.yaml")]);
    // With a host of the lab all that is on it goes: before that, this process has to leave.
    undo.defer(enterNamespace(cluster.lab.namespace("api")));
    const client = new Client(await loadKubeconfig({ path: cluster.kubeconfig, env: {} }));
    undo.defer(() => client.close());
    const services = await Services.watch(client, signal);
    const routes = await RouteMonitor.start(cluster.lab, "switch", signal);
    const vty = undo.use(new Vty({ folder: join(cluster.lab.folder, "switch") }));
    const apiServer = cluster.lab.running("api", "kube-apiserver");
    if (apiServer === undefined) throw new Error("the lab has no kube-apiserver");
    return new Stage(cluster, { services, routes, vty }, apiServer, undo.move(), signal);
  }

  /** Where a node speaks with the switch. */
  addressOf(node: string): string {
    return addressOf(this.cluster, node);
  }

  get nodes(): readonly string[] {
    return this.cluster.nodes;
  }

  /** By node. */
  async switchPeers(): Promise<ReadonlyMap<string, SwitchPeer>> {
    const text = await this.#ask("show bgp ipv4 unicast summary json");
    const said = JSON.parse(text.slice(0, text.lastIndexOf("}") + 1)) as {
      readonly peers?: Readonly<Record<string, { readonly state: string; readonly pfxRcd: number }>>;
    };
    return new Map(
      this.nodes.map((node) => {
        const peer = said.peers?.[addressOf(this.cluster, node)];
        return [node, { established: peer?.state === "Established", prefixes: peer?.pfxRcd ?? 0 }];
      }),
    );
  }

  /** One after the other: bgpd's socket knows of one command at a time. */
  #ask(command: string): Promise<string> {
    this.#asked = this.#asked.then(() => this.#vty.ask(command));
    return this.#asked;
  }

  /** When the switch says so, in ms since 1970. */
  async whenSwitch(what: string, holds: (peers: readonly SwitchPeer[]) => boolean, everyMs: number): Promise<number> {
    const ask = async () => holds([...(await this.switchPeers()).values()]) && nowMs();
    return until(what, ask, { everyMs, timeoutMs: 1_800_000, signal: this.#signal });
  }

  /** UPDATEs that the switch has had from a node in this session. */
  async updatesFrom(node: string): Promise<number> {
    const said = await this.#ask(`show bgp neighbors ${addressOf(this.cluster, node)} json`);
    return Number(/"updatesRecv":(\d+)/.exec(said)?.[1] ?? 0);
  }

  /** Bytes that the switch's kernel has had from a node in this session. */
  bytesFrom(node: string): number {
    const where = ["dst", addressOf(this.cluster, node)];
    const said = execFileSync("ss", ["-tinHN", this.cluster.lab.namespace("switch"), "state", "established", ...where]);
    return Number(/bytes_received:(\d+)/.exec(String(said))?.[1] ?? 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function addressOf({ lab }: BgpCluster, node: string): string {
  const found = lab.host(node).interfaces.find((each) => each.segment === "data");
  return found?.address.split("/")[0] ?? "";
}
