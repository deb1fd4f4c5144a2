import { watchKind, type Client } from "../../src/kubernetes/client/index.ts";
import { EndpointSlice, Service, serviceNameLabel } from "../../src/kubernetes/resources/index.ts";
import { nowMs } from "../measured-process.ts";

export const namespace = "bench";
const connections = 8;

/** When what was done with many Services, in ms since 1970. */
export interface Posted {
  readonly startedAt: number;
  readonly postedAt: number;
}

/** The Services of the benchmark, seen by a watch. */
export class Services {
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #addresses = new Map<string, string>();
  readonly #present = new Set<string>();
  readonly #waiting = new Set<() => void>();

  private constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Resolves when the watch is open; it ends with the signal. */
  static async watch(client: Client, signal: AbortSignal): Promise<Services> {
    const made = new Services(client, signal);
    const informer = watchKind(
      client,
      Service,
      { namespace },
      ({ added, updated, deleted }) => {
        for (const { metadata } of deleted) {
          made.#present.delete(metadata.name);
          made.#addresses.delete(metadata.name);
        }
        for (const { metadata, status } of [...added, ...updated.map((change) => change.new)]) {
          made.#present.add(metadata.name);
          const ip = status?.loadBalancer?.ingress?.[0]?.ip;
          if (ip !== undefined) made.#addresses.set(metadata.name, ip);
        }
        for (const look of made.#waiting) look();
      },
      signal,
    );
    informer.done.catch(() => undefined);
    await informer.synced;
    return made;
  }

  /** One endpoint for each Service to come, so that it is announced as soon as it has its address. */
  async createEndpoints(names: readonly string[], nodeName: string): Promise<void> {
    await this.#eachOf(names, async (name) => {
      await this.#client.create(EndpointSlice, {
        metadata: { name, namespace, labels: { [serviceNameLabel]: name } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.233.93.2"], nodeName, conditions: { ready: true } }],
        ports: [{ name: "", port: 8_080, protocol: "TCP" }],
      });
    });
  }

  /** Without a selector: the endpoints are there, and no controller of Kubernetes has work with it. */
  async create(names: readonly string[]): Promise<Posted> {
    const startedAt = nowMs();
    await this.#eachOf(names, async (name) => {
      // There are fewer node ports than Services here.
      const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] } as const;
      await this.#client.create(Service, { metadata: { name, namespace }, spec });
    });
    return { startedAt, postedAt: nowMs() };
  }

  async delete(names: readonly string[]): Promise<void> {
    await this.#eachOf(names, (name) => this.#client.delete(Service, { namespace, name }));
    await this.#seen(() => names.every((name) => !this.#present.has(name)));
  }

  addressOf(name: string): string | undefined {
    return this.#addresses.get(name);
  }

  /** When the watch has seen so many with an address, in ms since 1970. */
  async addressed(count: number): Promise<number> {
    await this.#seen(() => this.#addresses.size >= count);
    return nowMs();
  }

  #seen(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      this.#signal.addEventListener("abort", () => reject(this.#signal.reason as Error), { once: true });
      look();
    });
  }

  /** On a few connections at a time. */
  async #eachOf(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
    const left = names.values();
    const worker = async () => {
      for (const name of left) {
        this.#signal.throwIfAborted();
        await work(name);
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
  }
}
