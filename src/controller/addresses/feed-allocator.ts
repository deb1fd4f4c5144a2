import { watchKind, type Client, type ClientError, type Informer } from "../../kubernetes/client/index.ts";
import { AddressBlock, keyOf, Namespace, Service, type KubernetesObject } from "../../kubernetes/resources/index.ts";
import type { Allocator } from "./allocator.ts";

interface Watching {
  readonly onDisconnect: (error: ClientError) => void;
}

/** Feeds an allocator what the API server says of Services, namespaces and blocks; `settle` follows each change. */
export function feedAllocator(
  client: Client,
  allocator: Allocator,
  settle: () => void,
  watching: Watching,
  signal: AbortSignal,
): { readonly services: Informer<Service>; readonly informers: readonly Informer<KubernetesObject>[] } {
  const services = watchKind(
    client,
    Service,
    watching,
    ({ added, updated, deleted }) => {
      for (const service of deleted) allocator.deleteService(keyOf(service));
      for (const service of [...added, ...updated.map((change) => change.new)]) allocator.setService(service);
      settle();
    },
    signal,
  );
  const namespaces = watchKind(
    client,
    Namespace,
    watching,
    ({ added, updated }) => {
      for (const namespace of [...added, ...updated.map((change) => change.new)]) allocator.setNamespace(namespace);
      settle();
    },
    signal,
  );
  const blocks = watchKind(
    client,
    AddressBlock,
    watching,
    ({ added, updated, deleted }) => {
      for (const block of deleted) allocator.observeDeletedBlock(block.metadata.name);
      allocator.observeBlocks([...added, ...updated.map((change) => change.new)]);
      settle();
    },
    signal,
  );
  const informers = [services, namespaces, blocks] as unknown as Informer<KubernetesObject>[];
  return { services, informers };
}
