import type { Logger } from "pino";
import { allSynced, watchKind, type Client, type Informer } from "../kubernetes/client/index.ts";
import { EndpointSlice, Node, Service, keyOf, type KubernetesObject } from "../kubernetes/resources/index.ts";
import { AnnouncementPlanner, NodeSlice, serviceOf } from "../plan/index.ts";
import type { Prefix } from "../net/index.ts";
import type { Clock } from "../protocols/clock/index.ts";
import type { Transport } from "../protocols/bgp/index.ts";
import { ConfigurationWatch, outageLog } from "../snapshot/index.ts";
import { BgpReconciler } from "./bgp/index.ts";
import { defaultGateways } from "./gateways.ts";
import type { NodeMetrics } from "./metrics.ts";
import { Reporter } from "./node-report.ts";
import { readOwnNode, type OwnNode } from "./own-node.ts";
import { startProxy } from "./start-proxy.ts";

export interface NodeModules {
  readonly client: Client;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly metrics: NodeMetrics;
  readonly log: Logger;
}

export interface NodeOptions {
  readonly nodeName: string;
  /** Where the configuration lives. */
  readonly namespace: string;
  readonly loadBalancerClass?: string | undefined;
  /** Do kube-proxy's work, for pods in these networks; undefined where another does it. */
  readonly proxyFor?: readonly Prefix[] | undefined;
  /** The port on which BGP sessions are accepted, at the node's own addresses; 0 for none. */
  readonly bgpPort: number;
  /** How long peers have, from the withdrawal on, to move their traffic, before the sessions are closed. */
  readonly drainMs: number;
}

/** How long the last report may take, where the API server does not answer. */
const lastWordMs = 2_000;

/**
 * The process on every node: speaks BGP as this node's slice of the plan says, does kube-proxy's work if asked, and
 * reports what it sees. Runs until the signal is aborted; then withdraws first and leaves after.
 */
export async function runNode(modules: NodeModules, options: NodeOptions, signal: AbortSignal): Promise<void> {
  const { client, log } = modules;
  const { nodeName } = options;
  const startTime = new Date();
  const gateways = await defaultGateways();
  // What watches and proxies goes on until the routes are withdrawn.
  const withdrawn = new AbortController();
  const informing = withdrawn.signal;

  const planner = new AnnouncementPlanner({ loadBalancerClass: options.loadBalancerClass });
  let bgp: BgpReconciler | undefined;
  let slice: NodeSlice | undefined;

  const ownNode = Promise.withResolvers<OwnNode>();
  const onDisconnect = outageLog(log);

  const serviceChanged = (keys: Iterable<string>) => {
    for (const key of keys) bgp?.change(slice?.set(key, planner.announcement(key)) ?? []);
    reporter.touch();
  };
  const replan = () => {
    const view = planner.view(nodeName);
    if (bgp === undefined || view === undefined) return;
    slice = new NodeSlice(view, planner.announcements());
    bgp.apply(slice.plan());
    reporter.touch();
  };

  const services = watchKind(
    client,
    Service,
    { onDisconnect },
    ({ added, updated, deleted }) => {
      for (const service of deleted) planner.deleteService(keyOf(service));
      const present = [...added, ...updated.map((change) => change.new)];
      for (const service of present) planner.setService(service);
      const keys = new Set([...deleted, ...present].map(keyOf));
      serviceChanged(keys);
      proxy?.servicesChanged(keys);
    },
    informing,
  );
  const slices = watchKind(
    client,
    EndpointSlice,
    { onDisconnect, indexes: { service: (each) => [serviceOf(each) ?? []].flat() } },
    (changes) => {
      const touched = [
        ...changes.deleted,
        ...changes.added,
        ...changes.updated.flatMap((change) => [change.old, change.new]),
      ];
      const keys = new Set(touched.flatMap((each) => serviceOf(each) ?? []));
      for (const key of keys) planner.setEndpoints(key, slices.cache.by("service", key));
      serviceChanged(keys);
      proxy?.servicesChanged(keys);
    },
    informing,
  );
  const nodes = watchKind(
    client,
    Node,
    { onDisconnect },
    (changes) => {
      const touched = [...changes.added, ...changes.updated.map((change) => change.new)];
      const own = touched.find((each) => each.metadata.name === nodeName);
      if (own !== undefined && isAnotherView(own, planner)) replan();
      const read = readOwnNode(own, nodeName);
      if (typeof read !== "string") ownNode.resolve(read);
      configuration.reread();
      proxy?.nodesChanged();
    },
    informing,
  );
  const configuration: ConfigurationWatch = new ConfigurationWatch(
    client,
    { namespace: options.namespace, nodes: () => nodes.cache.values(), onDisconnect },
    {
      state: (state) => {
        for (const problem of state.problems)
          log.error(problem, "the configuration is wrong; the last good one stays in force");
        planner.setConfiguration(state.configuration);
        replan();
        reporter.touch();
      },
    },
    informing,
  );
  const reporter = new Reporter(
    client,
    nodeName,
    () => ({
      startTime,
      gateways,
      sessions: bgp?.statuses ?? [],
      problems: configuration.state.problems,
      dateOf: (moment) => new Date(Date.now() - modules.clock.now() + moment),
    }),
    (error) => log.warn({ error: error instanceof Error ? error.message : error }, "the report was not written"),
  );
  let proxy: Awaited<ReturnType<typeof startProxy>> | undefined;
  const informers = [services, slices, nodes] as unknown as Informer<KubernetesObject>[];
  const end = ended(signal, [...informers, ...configuration.informers]);

  try {
    await Promise.race([Promise.all([allSynced(informers), configuration.synced()]), end]);
    if (signal.aborted) return;
    const missing = readOwnNode(nodes.cache.get(nodeName), nodeName);
    if (typeof missing === "string") log.warn(`${missing}; waiting for it`);
    await Promise.race([ownNode.promise, end]);
    if (signal.aborted) return;
    const { node, address } = await ownNode.promise;
    if (options.proxyFor !== undefined) {
      proxy = await startProxy({ services, slices, nodes, log }, nodeName, options.proxyFor);
    }
    planner.setNode(node);
    const listen = options.bgpPort === 0 ? [] : [{ address, port: options.bgpPort }];
    bgp = new BgpReconciler(modules, { routerId: address, listen });
    modules.metrics.sessions(() => bgp?.statuses ?? []);
    bgp.onChange(() => reporter.touch());
    await bgp
      .listen()
      .catch((error: Error) => log.warn({ error: error.message }, "no BGP session is accepted; ours are opened"));
    replan();
    log.info({ services: services.cache.size }, "all is known: announcing from now on");
    await end;
  } finally {
    await bgp?.stop(options.drainMs);
    withdrawn.abort();
    await proxy?.stop();
    await reporter.stop(AbortSignal.timeout(lastWordMs));
    await Promise.allSettled([...informers, ...configuration.informers].map((informer) => informer.done));
  }
}

/** Takes a node as it is now; whether that may change what it announces (its heartbeats do not). */
function isAnotherView(node: Node, planner: AnnouncementPlanner): boolean {
  const before = JSON.stringify(essenceOf(planner, node.metadata.name));
  planner.setNode(node);
  return before !== JSON.stringify(essenceOf(planner, node.metadata.name));
}

function essenceOf(planner: AnnouncementPlanner, name: string): unknown {
  const view = planner.view(name);
  return view && [view.excluded, [...view.peers.keys()], [...view.targets]];
}

/** Resolves when the signal is aborted, or rejects as soon as an informer fails. */
async function ended(signal: AbortSignal, informers: readonly Informer<KubernetesObject>[]): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([aborted, ...informers.map((informer) => informer.done)]);
}
