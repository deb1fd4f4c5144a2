import { isApiError, WorkQueue, type Cache, type Client } from "../../kubernetes/client/index.ts";
import { EndpointSlice, keyOf, serviceNameLabel, type Pod, type Service } from "../../kubernetes/resources/index.ts";
import { endpointSlicesFor, sliceChanges } from "./endpoint-slices.ts";

export interface EndpointSliceModules {
  readonly client: Client;
  readonly services: Cache<Service>;
  readonly pods: Cache<Pod, "namespace">;
  readonly slices: Cache<EndpointSlice, "service">;
}

/** The key of the Service that a slice belongs to. */
export function serviceOfSlice(slice: EndpointSlice): string[] {
  const name = slice.metadata.labels?.[serviceNameLabel];
  return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
}

/** Keeps the endpoint slices of Services as their pods are. */
export class EndpointSliceController {
  readonly #modules: EndpointSliceModules;
  readonly #queue: WorkQueue;

  constructor(modules: EndpointSliceModules, onFailure: (key: string, error: unknown) => void) {
    this.#modules = modules;
    this.#queue = new WorkQueue((key, signal) => this.#sync(key, signal), { concurrency: 4, onFailure });
  }

  /** A Service changed, or one of its slices did. */
  touch(serviceKey: string): void {
    this.#queue.add(serviceKey);
  }

  /** A pod of the namespace changed: any of its Services may have it. */
  touchNamespace(namespace: string): void {
    for (const key of this.#modules.services.keys()) if (key.startsWith(`${namespace}/`)) this.#queue.add(key);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  async #sync(key: string, signal: AbortSignal): Promise<void> {
    const { client, services, pods, slices } = this.#modules;
    const service = services.get(key);
    const wanted =
      service === undefined ? [] : endpointSlicesFor(service, pods.by("namespace", service.metadata.namespace ?? ""));
    const changes = sliceChanges(wanted, slices.by("service", key));
    for (const slice of changes.write) await this.#write(slice, signal);
    for (const slice of changes.remove) {
      await client.delete(EndpointSlice, slice.metadata, { signal }).catch((error: unknown) => {
        if (!isApiError(error, "not-found")) throw error;
      });
    }
  }

  /** Without regard to the version there: nobody else writes our slices, and what is written last is the newest. */
  async #write(slice: EndpointSlice, signal: AbortSignal): Promise<void> {
    const { client, slices } = this.#modules;
    const { endpoints, ports } = slice;
    const create = () => client.create(EndpointSlice, slice, { signal });
    const change = () =>
      client.patch(EndpointSlice, slice.metadata, { type: "merge", body: { endpoints, ports } }, { signal });
    const known = slices.get(keyOf(slice)) !== undefined;
    try {
      await (known ? change() : create());
    } catch (error) {
      // The cache has not heard yet of what was made or removed a moment ago.
      if (!isApiError(error, known ? "not-found" : "already-exists")) throw error;
      await (known ? create() : change());
    }
  }
}
