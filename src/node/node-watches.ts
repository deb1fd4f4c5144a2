import { watchKind, type Changes, type Client, type ClientError, type Informer } from "../kubernetes/client/index.ts";
import { EndpointSlice, keyOf, Node, Service, type KubernetesObject } from "../kubernetes/resources/index.ts";
import { serviceOf } from "../plan/index.ts";

export interface NodeWatchHandlers {
  readonly services: (present: readonly Service[], deleted: readonly string[]) => void;
  /** By Service, all the slices that it has now. */
  readonly endpoints: (endpoints: ReadonlyMap<string, readonly EndpointSlice[]>) => void;
  readonly nodes: (changes: Changes<Node>) => void;
  readonly onDisconnect: (error: ClientError) => void;
}

/** What an agent watches beside the configuration. */
export class NodeWatches {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice, "service">;
  readonly nodes: Informer<Node>;

  /** Without `wholeSlices`, of each endpoint only what announcing needs is kept: its node and its conditions. */
  constructor(client: Client, wholeSlices: boolean, handlers: NodeWatchHandlers, signal: AbortSignal) {
    const { onDisconnect } = handlers;
    this.services = watchKind(
      client,
      Service,
      { onDisconnect },
      ({ added, updated, deleted }) =>
        handlers.services([...added, ...updated.map((change) => change.new)], deleted.map(keyOf)),
      signal,
    );
    const indexes = { service: (slice: EndpointSlice) => [serviceOf(slice) ?? []].flat() };
    const trim = wholeSlices ? {} : { trim: withoutAddresses };
    this.slices = watchKind(
      client,
      EndpointSlice,
      { onDisconnect, indexes, ...trim },
      ({ added, updated, deleted }) => {
        const touched = [...deleted, ...added, ...updated.flatMap((change) => [change.old, change.new])];
        const keys = new Set(touched.flatMap((each) => serviceOf(each) ?? []));
        handlers.endpoints(new Map([...keys].map((key) => [key, this.slices.cache.by("service", key)])));
      },
      signal,
    );
    this.nodes = watchKind(client, Node, { onDisconnect }, handlers.nodes, signal);
  }

  get informers(): readonly Informer<KubernetesObject>[] {
    return [this.services, this.slices, this.nodes] as unknown as Informer<KubernetesObject>[];
  }
}

function withoutAddresses(slice: EndpointSlice): EndpointSlice {
  const endpoints = (slice.endpoints ?? []).map(({ conditions, nodeName }) => ({
    addresses: [],
    conditions,
    nodeName,
  }));
  return { ...slice, endpoints, ports: [] };
}
