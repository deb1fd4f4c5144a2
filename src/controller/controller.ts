import type { Logger } from "pino";
import { allSynced, watchKind, WorkQueue, type Client } from "../kubernetes/client/index.ts";
import { AddressBlock, Namespace, Node, Service } from "../kubernetes/resources/index.ts";
import { ConfigurationWatch, outageLog } from "../snapshot/index.ts";
import { addressApi } from "./address-api.ts";
import { Allocator } from "./allocator.ts";
import { ConfigurationStatus } from "./configuration-status.ts";
import { AllocationEvents, type EventSink } from "./events.ts";
import type { ControllerMetrics } from "./metrics.ts";
import { retries } from "./retries.ts";

export interface ControllerModules {
  readonly client: Client;
  readonly events: EventSink;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
}

export interface ControllerOptions {
  /** Where the configuration lives. */
  readonly namespace: string;
  /** The `spec.loadBalancerClass` that is ours; undefined for Services without a class. */
  readonly loadBalancerClass?: string | undefined;
}

/** How many statuses are written at a time. */
const statusConcurrency = 16;
const retryMs = 1_000;

/**
 * The one process a cluster: gives Services their addresses, and says on the objects of the configuration what is
 * wrong with them. Runs until the signal is aborted; resolves when what was under way is written.
 */
export async function runController(
  modules: ControllerModules,
  options: ControllerOptions,
  stop: AbortSignal,
): Promise<void> {
  const { client, metrics, log } = modules;
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const events = new AllocationEvents(modules.events);
  const onFailure = (what: string, error: unknown) => {
    metrics.updateErrors.inc();
    log.warn({ what, error: messageOf(error) }, "a write failed and is tried again");
  };
  const watching = { onDisconnect: outageLog(log) };

  const statuses = new WorkQueue((key) => allocator.writeStatus(key), {
    concurrency: statusConcurrency,
    backoff: retries,
    onFailure,
  });
  const allocator: Allocator = new Allocator(
    addressApi(client, signal),
    statuses,
    {
      onDecided: (decision) => {
        const service = services.cache.get(decision.service);
        if (service !== undefined && decision.waiting) events.failed(service, decision);
      },
      onWritten: (service, decision, before) => {
        metrics.updates.inc();
        events.written(service, decision, before);
      },
      onFailure,
    },
    { loadBalancerClass: options.loadBalancerClass },
  );

  const settle = () => {
    allocator.settle();
    configurationStatus.decided();
  };

  const services = watchKind(
    client,
    Service,
    watching,
    ({ added, updated, deleted }) => {
      for (const service of deleted) allocator.deleteService(keyOfService(service));
      for (const service of added) allocator.setService(service);
      for (const { new: service } of updated) allocator.setService(service);
      settle();
    },
    signal,
  );
  const namespaces = watchKind(
    client,
    Namespace,
    watching,
    ({ added, updated }) => {
      for (const namespace of added) allocator.setNamespace(namespace);
      for (const change of updated) allocator.setNamespace(change.new);
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
  const nodes = watchKind(client, Node, watching, () => configuration.reread(), signal);
  const configuration: ConfigurationWatch = new ConfigurationWatch(
    client,
    { namespace: options.namespace, nodes: () => nodes.cache.values(), ...watching },
    {
      state: (state) => {
        metrics.configuration(state);
        for (const problem of state.problems)
          log.error(problem, "the configuration is wrong; the last good one stays in force");
        allocator.setConfiguration(state.configuration);
        settle();
      },
      objects: () => configurationStatus.decided(),
    },
    signal,
  );
  const configurationStatus = new ConfigurationStatus(
    { client, events, metrics, onFailure },
    configuration,
    () => allocator.decisions(),
    signal,
  );

  const running = statuses.run(signal);
  const informers = [services, namespaces, blocks, nodes];
  try {
    await Promise.all([allSynced(informers), configuration.synced()]);
    allocator.start();
    configurationStatus.decided();
    log.info({ services: services.cache.size }, "all is known: addresses are given from now on");
    const timer = setInterval(() => allocator.retry(), retryMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    await Promise.all([...informers, ...configuration.informers].map((informer) => informer.done));
  } catch (error) {
    // What still runs has nothing to wait for.
    failed.abort(error);
    throw error;
  } finally {
    await running;
    await allocator.idle();
    await configurationStatus.idle();
  }
}

function keyOfService({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
