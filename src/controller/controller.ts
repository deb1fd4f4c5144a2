import type { Logger } from "pino";
import {
  allSynced,
  watchKind,
  WorkQueue,
  type Changes,
  type Client,
  type Informer,
} from "../kubernetes/client/index.ts";
import { Node, NodeReport, type KubernetesObject } from "../kubernetes/resources/index.ts";
import { ConfigurationWatch, outageLog } from "../snapshot/index.ts";
import { addressApi, Allocator, feedAllocator, versionIn, type PaceLimits, type Reserved } from "./addresses/index.ts";
import { ConfigurationStatus } from "./configuration-status.ts";
import { AllocationEvents, type EventSink } from "./events.ts";
import type { ControllerMetrics } from "./metrics.ts";
import { retries } from "./retries.ts";
import { RolloutKeeper } from "./rollout-keeper.ts";

export interface ControllerModules {
  readonly client: Client;
  readonly events: EventSink;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
  /** The same each time that this process leads. */
  readonly reserved: Reserved;
}

export interface ControllerOptions {
  /** Where the configuration lives. */
  readonly namespace: string;
  /** The `spec.loadBalancerClass` that is ours; undefined for Services without a class. */
  readonly loadBalancerClass?: string | undefined;
  /** How long what is written of several Services waits for more of them; by default as long as suits a true API server. */
  readonly gather?: PaceLimits;
}

/** How many statuses are written at a time. */
const statusConcurrency = 16;
const retryMs = 1_000;
/** For what is written when all has ended; the lease is given back after it. */
const farewellMs = 1_000;
/** A few Services hardly wait; of a thousand those that come in 400 ms are written down at once. */
const gather: PaceLimits = { firstMs: 25, mostMs: 400 };

/**
 * The one process a cluster: gives Services their addresses, and says on the objects of the configuration what is
 * wrong with them. Runs until the signal is aborted; resolves when what was under way is written.
 */
export async function runController(
  modules: ControllerModules,
  options: ControllerOptions,
  stop: AbortSignal,
): Promise<void> {
  const { client, metrics, log, reserved } = modules;
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
        const service = allocator.service(decision.service);
        const isRefused = decision.waiting || decision.reasons.some((each) => each.code === "allocation.invalid");
        if (service !== undefined && isRefused) events.failed(service, decision);
      },
      onWritten: (service, decision, before) => {
        metrics.updates.inc();
        events.written(service, decision, before);
      },
      onFailure,
    },
    {
      loadBalancerClass: options.loadBalancerClass,
      gather: options.gather ?? gather,
      reserved,
      version: () => versionIn(fed.services.resourceVersion),
    },
  );

  const settle = () => {
    allocator.settle();
    configurationStatus.decided();
  };

  const fed = feedAllocator(client, allocator, settle, watching, signal);
  const nodesChanged = (changes: Changes<Node>) => {
    configuration.nodesChanged(changes);
    rollout.look();
  };
  const nodes = watchKind(client, Node, watching, nodesChanged, signal);
  const reported = () => {
    configurationStatus.decided();
    rollout.look();
  };
  const reports = watchKind(client, NodeReport, watching, reported, signal);
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
      objects: reported,
    },
    signal,
  );
  const configurationStatus = new ConfigurationStatus(
    { client, events, metrics, onFailure },
    configuration,
    () => allocator.decisions(),
    () => reports.cache.values(),
    signal,
  );

  const rollout = new RolloutKeeper(
    { client, onFailure, log },
    options.namespace,
    configuration,
    { nodes, reports },
    signal,
  );

  const running = statuses.run(signal);
  const informers = [...fed.informers, ...([nodes, reports] as unknown as Informer<KubernetesObject>[])];
  try {
    await Promise.all([allSynced(informers), configuration.synced()]);
    allocator.start();
    configurationStatus.decided();
    log.info({ services: allocator.serviceCount }, "all is known: addresses are given from now on");
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
    await allocator.giveBack(addressApi(client, AbortSignal.timeout(farewellMs)));
    await configurationStatus.idle();
    await rollout.idle();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
