import { isDeepStrictEqual } from "node:util";
import { isApiError, watchKind, WorkQueue, type Client, type Informer } from "../../kubernetes/client/index.ts";
import { keyOf, Pod } from "../../kubernetes/resources/index.ts";
import { beat, type Registration } from "./heartbeat.ts";
import type { PodRuntime } from "./pod-runtime.ts";
import { podStatus } from "./pod-status.ts";
import { PodWorker } from "./pod-worker.ts";

export interface KubeletOptions extends Registration {
  /** Told of what failed and is tried again. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/** The kubelet of one node: registers it, says that it lives, and runs the pods that are placed on it. */
export class Kubelet {
  readonly #client: Client;
  readonly #runtime: PodRuntime;
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** By UID, as the workers. */
  readonly #queue: WorkQueue;
  readonly #pods: Informer<Pod, "uid">;
  readonly #done: Promise<unknown>;

  /** Runs until the signal is aborted; the pods' processes stay. */
  static async run(
    modules: { readonly client: Client; readonly runtime: PodRuntime },
    options: KubeletOptions,
    signal: AbortSignal,
  ): Promise<void> {
    await modules.runtime.clear();
    await new Kubelet(modules, options, signal).#done;
  }

  private constructor(
    modules: { readonly client: Client; readonly runtime: PodRuntime },
    options: KubeletOptions,
    signal: AbortSignal,
  ) {
    this.#client = modules.client;
    this.#runtime = modules.runtime;
    this.#options = options;
    this.#queue = new WorkQueue((uid, signal) => this.#sync(uid, signal), {
      concurrency: 8,
      backoff: { firstMs: 50, maxMs: 1000 },
      onFailure: (uid, error) => options.onFailure(`pod ${uid}`, error),
    });
    this.#pods = watchKind(
      this.#client,
      Pod,
      {
        fieldSelector: `spec.nodeName=${options.nodeName}`,
        indexes: { uid: (pod) => [pod.metadata.uid ?? ""] },
      },
      (changes) => {
        // Deleted without waiting for us: nobody is interested in a good order any more.
        for (const pod of changes.deleted) this.#workers.get(pod.metadata.uid ?? "")?.end(0);
        for (const pod of changes.added) this.#take(pod);
        for (const each of changes.updated) this.#take(each.new);
      },
      signal,
    );
    this.#done = Promise.all([
      beat(this.#client, options, options.onFailure, signal),
      this.#queue.run(signal),
      this.#pods.done,
    ]);
  }

  #take(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const ending = pod.metadata.deletionTimestamp !== undefined;
    if (ending) this.#workers.get(uid)?.end();
    else if (!this.#workers.has(uid)) this.#start(uid, pod);
    this.#queue.add(uid);
  }

  #start(uid: string, pod: Pod): void {
    const worker = new PodWorker(pod, this.#runtime, () => this.#queue.add(uid));
    this.#workers.set(uid, worker);
    const finish = () => {
      this.#workers.delete(uid);
      this.#queue.add(uid);
    };
    worker.done.then(finish, (error: unknown) => {
      this.#options.onFailure(`pod ${keyOf(pod)}`, error);
      finish();
    });
  }

  /** Says of a pod how it is; and of one that is to end, when nothing of it runs here, that it is gone. */
  async #sync(uid: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.cache.by("uid", uid)[0];
    const worker = this.#workers.get(uid);
    if (pod === undefined) return;
    if (worker === undefined) {
      if (pod.metadata.deletionTimestamp !== undefined) await this.#remove(pod, signal);
      return;
    }
    const status = podStatus(pod, worker.state, this.#options.address, new Date());
    if (isDeepStrictEqual(pod.status, status)) return;
    // In a merge patch null removes a field (RFC 7396): a pod that is started anew has no address for a while.
    const body = { status: { podIP: null, podIPs: null, ...status } };
    await this.#client.patch(Pod, pod.metadata, { type: "merge", body }, { subresource: "status", signal });
  }

  async #remove(pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await this.#client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0, ...preconditions, signal });
    } catch (error) {
      // Another of its name is not ours to remove.
      if (!isApiError(error, "not-found") && !isApiError(error, "conflict")) throw error;
    }
  }
}
