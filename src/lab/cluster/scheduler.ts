import { isApiError, WorkQueue, type Cache, type Client } from "../../kubernetes/client/index.ts";
import { keyOf, Pod, type Node } from "../../kubernetes/resources/index.ts";
import { isActive } from "./conditions.ts";
import { chooseNode } from "./scheduling.ts";

/** Gives each pod that has none a node. A pod that no node takes waits until a node or another pod changes. */
export class Scheduler {
  readonly #client: Client;
  readonly #pods: Cache<Pod>;
  readonly #nodes: Cache<Node>;
  readonly #queue: WorkQueue;
  /** What was decided and is not in the cache yet, by UID: it counts when the next is placed. */
  readonly #assumed = new Map<string, string>();

  constructor(
    modules: { readonly client: Client; readonly pods: Cache<Pod>; readonly nodes: Cache<Node> },
    onFailure: (key: string, error: unknown) => void,
  ) {
    this.#client = modules.client;
    this.#pods = modules.pods;
    this.#nodes = modules.nodes;
    this.#queue = new WorkQueue((key, signal) => this.#sync(key, signal), { onFailure });
  }

  touch(pod: Pod): void {
    if (pod.spec.nodeName === undefined) this.#queue.add(keyOf(pod));
    else this.#assumed.delete(pod.metadata.uid ?? "");
  }

  /** Something changed that may let a pod in that has waited. */
  touchWaiting(): void {
    for (const pod of this.#pods.values()) if (pod.spec.nodeName === undefined) this.touch(pod);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  async #sync(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || pod.spec.nodeName !== undefined || !isActive(pod)) return;
    const uid = pod.metadata.uid ?? "";
    if (this.#assumed.has(uid)) return;
    const placed = [...this.#pods.values()].map((each) => this.#withAssumed(each));
    const node = chooseNode(pod, [...this.#nodes.values()], placed);
    if (node === undefined) return;
    this.#assumed.set(uid, node);
    try {
      const { namespace, name } = pod.metadata;
      const target = { apiVersion: "v1", kind: "Node", name: node };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { namespace, name }, target };
      await this.#client.post(Pod, { namespace, name }, "binding", binding, { signal });
    } catch (error) {
      this.#assumed.delete(uid);
      if (!isApiError(error, "not-found")) throw error;
    }
  }

  #withAssumed(pod: Pod): Pod {
    const nodeName = this.#assumed.get(pod.metadata.uid ?? "");
    return nodeName === undefined ? pod : { ...pod, spec: { ...pod.spec, nodeName } };
  }
}
