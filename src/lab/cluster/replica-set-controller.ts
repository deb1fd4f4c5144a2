import { isDeepStrictEqual } from "node:util";
import { isApiError, WorkQueue, type Cache, type Client } from "../../kubernetes/client/index.ts";
import { keyOf, Pod, ReplicaSet } from "../../kubernetes/resources/index.ts";
import { leftBehind, planReplicaSet, podFrom, randomSuffix } from "./replica-set.ts";

/** Keeps as many pods as each ReplicaSet asks for. */
export class ReplicaSetController {
  readonly #client: Client;
  readonly #sets: Cache<ReplicaSet>;
  readonly #queue: WorkQueue;

  constructor(
    modules: { readonly client: Client; readonly sets: Cache<ReplicaSet> },
    onFailure: (key: string, error: unknown) => void,
  ) {
    this.#client = modules.client;
    this.#sets = modules.sets;
    this.#queue = new WorkQueue((key, signal) => this.#sync(key, signal), { onFailure });
  }

  touch(setKey: string): void {
    this.#queue.add(setKey);
  }

  /** A pod changed: its set looks at what it has. */
  touchOwner(pod: Pod): void {
    const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true && each.kind === "ReplicaSet");
    if (owner !== undefined) this.touch(`${pod.metadata.namespace}/${owner.name}`);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  async #sync(key: string, signal: AbortSignal): Promise<void> {
    const set = this.#sets.get(key);
    const [namespace = "", name = ""] = key.split("/");
    // Read from the server and not from a cache: what was created a moment ago must not be created again.
    const pods = (await this.#client.list(Pod, { namespace, signal })).items;
    for (const pod of leftBehind(name, set?.metadata.uid, pods)) await this.#delete(pod, signal);
    if (set === undefined) return;
    const plan = planReplicaSet(set, pods);
    for (let count = 0; count < plan.create; count++) {
      await this.#client.create(Pod, podFrom(set, randomSuffix()), { signal });
    }
    for (const pod of plan.remove) await this.#delete(pod, signal);
    if (isDeepStrictEqual({ ...set.status }, { ...set.status, ...plan.status })) return;
    const patch = { type: "merge", body: { status: plan.status } } as const;
    await this.#client.patch(ReplicaSet, set.metadata, patch, { subresource: "status", signal });
  }

  async #delete(pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await this.#client.delete(Pod, pod.metadata, { ...preconditions, signal });
    } catch (error) {
      if (!isApiError(error, "not-found")) throw new Error(`pod ${keyOf(pod)} cannot be deleted`, { cause: error });
    }
  }
}
