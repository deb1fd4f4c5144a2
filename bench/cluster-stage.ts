import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApiServer, type ApiServer } from "../src/kubernetes/apiserver/index.ts";
import { Client, loadKubeconfig, watchKind } from "../src/kubernetes/client/index.ts";
import {
  BGPAdvertisement,
  BGPPeer,
  EndpointSlice,
  IPAddressPool,
  Namespace,
  Node,
  Service,
  serviceNameLabel,
} from "../src/kubernetes/resources/index.ts";
import { nowMs } from "./measured-process.ts";

export const nodeAddress = "10.10.2.112";
export const switchAddress = "10.10.2.210";

const configurationNamespace = "metallb-system";
const connections = 8;

/** When what was done with many Services, in ms since 1970. */
export interface CreationTimes {
  readonly startedAt: number;
  readonly postedAt: number;
  readonly addressedAt: number;
}

/** A cluster of one node and no Services, as far as an API server knows; without the agents. */
export class ClusterStage implements AsyncDisposable {
  readonly nodeName = "bench-node";
  readonly #api: ApiServer;
  readonly #folder: string;
  readonly #client: Client;
  readonly #signal: AbortSignal;

  private constructor(api: ApiServer, folder: string, client: Client, signal: AbortSignal) {
    this.#api = api;
    this.#folder = folder;
    this.#client = client;
    this.#signal = signal;
  }

  static async start(signal: AbortSignal): Promise<ClusterStage> {
    await using undo = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const api = await startApiServer({ database: ":memory:", host: "127.0.0.1", port: 0 }, signal);
    undo.defer(() => api.close());
    const path = join(folder, "kubeconfig");
    await writeFile(path, api.kubeconfig());
    const client = new Client(await loadKubeconfig({ path, env: {} }));
    undo.defer(() => client.close());
    const stage = new ClusterStage(api, folder, client, signal);
    await stage.#configure();
    undo.move();
    return stage;
  }

  get kubeconfig(): string {
    return join(this.#folder, "kubeconfig");
  }

  /** One endpoint for each Service to come, so that it is announced as soon as it has its address. */
  async createEndpoints(count: number): Promise<void> {
    await this.#eachOf(count, async (index) => {
      const name = nameOf(index);
      await this.#client.create(EndpointSlice, {
        metadata: { name, namespace: "default", labels: { [serviceNameLabel]: name } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.233.64.2"], nodeName: this.nodeName, conditions: { ready: true } }],
        ports: [{ name: "http", port: 8_080, protocol: "TCP" }],
      });
    });
  }

  /** Resolves when a watch has seen an address on each of them. */
  async createServices(count: number): Promise<CreationTimes> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    const addressed = new Set<string>();
    const all = Promise.withResolvers<number>();
    const informer = watchKind(
      this.#client,
      Service,
      {},
      ({ added, updated }) => {
        for (const { metadata, status } of [...added, ...updated.map((change) => change.new)]) {
          if ((status?.loadBalancer?.ingress ?? []).length > 0) addressed.add(metadata.name);
        }
        if (addressed.size === count) all.resolve(nowMs());
      },
      signal,
    );
    try {
      await informer.synced;
      const startedAt = nowMs();
      await this.#eachOf(count, async (index) => {
        const spec = { type: "LoadBalancer", selector: { app: nameOf(index) }, ports: [{ port: 80 }] } as const;
        await this.#client.create(Service, { metadata: { name: nameOf(index), namespace: "default" }, spec });
      });
      const postedAt = nowMs();
      const addressedAt = await Promise.race([all.promise, informer.done.then(() => Number.NaN)]);
      return { startedAt, postedAt, addressedAt };
    } finally {
      over.abort();
      await informer.done.catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#api.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #configure(): Promise<void> {
    const namespace = configurationNamespace;
    const client = this.#client;
    await client.create(Namespace, { metadata: { name: namespace } });
    await client.create(IPAddressPool, {
      metadata: { namespace, name: "default" },
      spec: { addresses: ["172.16.0.0/16"] },
    });
    await client.create(BGPPeer, {
      metadata: { namespace, name: "switch" },
      spec: { myASN: 65_211, peerASN: 65_210, peerAddress: switchAddress },
    });
    await client.create(BGPAdvertisement, {
      metadata: { namespace, name: "default" },
      spec: { ipAddressPools: ["default"] },
    });
    const node = await client.create(Node, { metadata: { name: this.nodeName } });
    await client.patch(
      Node,
      { name: node.metadata.name },
      { type: "merge", body: { status: { addresses: [{ type: "InternalIP", address: nodeAddress }] } } },
      { subresource: "status" },
    );
  }

  /** Does `work` for 0 to `count` - 1, on a few connections at a time. */
  async #eachOf(count: number, work: (index: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        this.#signal.throwIfAborted();
        await work(next++);
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
  }
}

function nameOf(index: number): string {
  return `s${index}`;
}
