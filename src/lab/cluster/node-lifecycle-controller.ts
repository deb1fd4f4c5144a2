import { setTimeout as delay } from "node:timers/promises";
import type { Cache, Client } from "../../kubernetes/client/index.ts";
import { Node, Pod, type Lease } from "../../kubernetes/resources/index.ts";
import { Heartbeats, nodeChange, podsOfSilentNode } from "./node-lifecycle.ts";

export interface NodeLifecycleModules {
  readonly client: Client;
  readonly nodes: Cache<Node>;
  readonly pods: Cache<Pod>;
  /** Whether heartbeats can be heard at all now. */
  readonly hears: () => boolean;
}

const lookEveryMs = 200;

/** Says of nodes that they are silent, and of their pods that they are not ready. */
export class NodeLifecycleController {
  readonly #modules: NodeLifecycleModules;
  readonly #graceMs: number;
  readonly #onFailure: (key: string, error: unknown) => void;
  #heartbeats = new Heartbeats();

  constructor(modules: NodeLifecycleModules, graceMs: number, onFailure: (key: string, error: unknown) => void) {
    this.#modules = modules;
    this.#graceMs = graceMs;
    this.#onFailure = onFailure;
  }

  take(lease: Lease): void {
    this.#heartbeats.take(lease, performance.now());
  }

  /** Looks at all nodes every so often until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Deaf ears hear no silence: when the API server is back, all nodes are given their time again.
      if (!this.#modules.hears()) this.#heartbeats = new Heartbeats();
      for (const node of this.#modules.nodes.values()) {
        await this.#look(node, signal).catch((error: unknown) => {
          if (!signal.aborted) this.#onFailure(node.metadata.name, error);
        });
      }
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(node: Node, signal: AbortSignal): Promise<void> {
    const { client, pods } = this.#modules;
    const { name } = node.metadata;
    const silent = this.#heartbeats.isSilent(name, performance.now(), this.#graceMs);
    const now = new Date();
    // First the pods: their endpoints are what costs a client its request.
    for (const { pod, conditions } of silent ? podsOfSilentNode(name, [...pods.values()], now) : []) {
      const patch = { type: "merge", body: { status: { conditions } } } as const;
      await client.patch(Pod, pod.metadata, patch, { subresource: "status", signal });
    }
    const change = nodeChange(node, silent, now);
    if (change?.conditions !== undefined) {
      const patch = { type: "merge", body: { status: { conditions: change.conditions } } } as const;
      await client.patch(Node, { name }, patch, { subresource: "status", signal });
    }
    if (change?.taints !== undefined) {
      await client.patch(Node, { name }, { type: "merge", body: { spec: { taints: change.taints } } }, { signal });
    }
  }
}
