import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { allSynced, type Changes, type Client, type Informer } from "../kubernetes/client/index.ts";
import { keyOf, type KubernetesObject, type Node } from "../kubernetes/resources/index.ts";
import { allAddresses } from "../linux/link-addresses/index.ts";
import type { Prefix } from "../net/index.ts";
import type { Clock } from "../protocols/clock/index.ts";
import type { Transport } from "../protocols/bgp/index.ts";
import { ConfigurationWatch, outageLog, type ConfigurationState } from "../snapshot/index.ts";
import { Announcer } from "./announcer.ts";
import { BfdAgent, SharedBfd } from "./bfd/index.ts";
import { BgpReconciler, systemLinks } from "./bgp/index.ts";
import { tellGateways } from "./gateways.ts";
import { BfdLiveness, type DetectionTimes, type Liveness } from "./liveness/index.ts";
import type { NodeMetrics } from "./metrics.ts";
import { Reporter } from "./node-report.ts";
import { NodeWatches } from "./node-watches.ts";
import { readOwnNode, type OwnNode } from "./own-node.ts";
import type { ServiceProxy } from "./proxy/index.ts";
import type { Succession } from "./succession/index.ts";
import { proxyOver } from "./proxy-over.ts";
import { SessionEvidence, TrialWatch } from "./rollout/index.ts";
import { steadyDates } from "./steady-dates.ts";

export interface NodeModules {
  readonly client: Client;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly metrics: NodeMetrics;
  readonly log: Logger;
  readonly succession: Pick<Succession, "isWaiting" | "freed" | "asked" | "hasSuccessor" | "take">;
  /** Called when everything is known, and announced from then on. */
  readonly ready: () => void;
}

export interface NodeOptions {
  readonly nodeName: string;
  /** Where the configuration lives. */
  readonly namespace: string;
  readonly loadBalancerClass?: string | undefined;
  /** Do kube-proxy's work, for pods in these networks; undefined where another does it. */
  readonly proxyFor?: readonly Prefix[] | undefined;
  /** How soon another node is known to be dead, for the proxy to leave it out; undefined to wait for Kubernetes. */
  readonly nodeDetection?: DetectionTimes | undefined;
  /** The port on which BGP sessions are accepted, at the node's own addresses; 0 for none. */
  readonly bgpPort: number;
  /** How long peers have, from when they are asked to prefer other nodes, until the routes are withdrawn. */
  readonly gracefulShutdownMs: number;
  /** How long they have, from the withdrawal on, to move their traffic, before the sessions are closed. */
  readonly drainMs: number;
  /** How long a changed configuration may take to bring back the sessions that were there, before it is taken back. */
  readonly trialMs: number;
}

/** How long sessions and routes must be there for a change to be kept: a router that minds it says so sooner. */
const soakMs = 1_000;

/** How long the last report may take, where the API server does not answer. */
const lastWordMs = 2_000;

/**
 * The process on every node: speaks BGP as this node's slice of the plan says, does kube-proxy's work if asked, and
 * reports what it sees. Runs until the signal is aborted; then withdraws first and leaves after. Where another agent takes
 * its place on the node it leaves everything as it is, and its last word to peers unsaid.
 */
export async function runNode(modules: NodeModules, options: NodeOptions, signal: AbortSignal): Promise<void> {
  const agent = new NodeAgent(modules, options);
  try {
    await agent.start(signal);
  } finally {
    if (modules.succession.hasSuccessor) await agent.letGo();
    else await agent.stop();
  }
}

class NodeAgent {
  readonly #modules: NodeModules;
  readonly #options: NodeOptions;
  readonly #announcer: Announcer;
  readonly #watches: NodeWatches;
  readonly #configuration: ConfigurationWatch;
  readonly #reporter: Reporter;
  readonly #trials: TrialWatch;
  /** Of the change that is on trial. */
  #evidence: SessionEvidence | undefined;
  readonly #ownNode = Promise.withResolvers<OwnNode>();
  #nodeUid: string | undefined;
  /** What watches and proxies goes on until the routes are withdrawn. */
  readonly #withdrawn = new AbortController();
  readonly #bfd: SharedBfd;
  #bgp: BgpReconciler | undefined;
  #liveness: Liveness | undefined;
  #proxy: ServiceProxy | undefined;
  /** What was last said to be missing of our Node. */
  #missing: string | undefined;

  constructor(modules: NodeModules, options: NodeOptions) {
    const { client, clock, log } = modules;
    const { nodeName, loadBalancerClass } = options;
    this.#modules = modules;
    this.#options = options;
    const onDisconnect = outageLog(log);
    const startTime = new Date();
    const dateOf = steadyDates(clock);
    const onThreadFailure = (error: Error) => log.error({ error: error.message }, "BFD's thread is started again");
    this.#bfd = new SharedBfd(() => new BfdAgent({ onThreadFailure }));
    this.#announcer = new Announcer(nodeName, { loadBalancerClass });
    this.#reporter = new Reporter(
      client,
      nodeName,
      () => ({
        nodeUid: this.#nodeUid,
        startTime,
        sessions: this.#bgp?.statuses ?? [],
        problems: this.#configuration.state.problems,
        revision: this.#configuration.state.revision,
        trial: this.#trials.verdict,
        nodes: this.#liveness?.inSight,
        dateOf,
      }),
      (error) => log.warn({ error: error instanceof Error ? error.message : error }, "the report was not written"),
    );
    this.#trials = new TrialWatch(
      clock,
      { limitMs: options.trialMs, soakMs },
      {
        missing: (trial) => this.#evidence?.missing(trial, this.#announcer.plan, this.#bgp?.statuses ?? []),
        takeBack: (trial) => {
          log.error(this.#trials.verdict ?? {}, "a change is taken back: what was there before did not come back");
          this.#configuration.takeBack(trial);
        },
        changed: () => this.#reporter.touch(),
      },
    );
    this.#watches = new NodeWatches(
      client,
      options.proxyFor !== undefined,
      {
        services: (present, deleted) => {
          this.#announcer.setServices(present, deleted);
          this.#proxy?.servicesChanged([...deleted, ...present.map(keyOf)]);
          this.#reporter.touch();
        },
        endpoints: (endpoints) => {
          this.#announcer.setEndpoints(endpoints);
          this.#proxy?.servicesChanged(endpoints.keys());
          this.#reporter.touch();
        },
        nodes: (changes) => this.#nodesChanged(changes),
        onDisconnect,
      },
      this.#withdrawn.signal,
    );
    this.#configuration = new ConfigurationWatch(
      client,
      {
        namespace: options.namespace,
        nodes: () => this.#watches.nodes.cache.values(),
        nodeName,
        beginsWithGoodPart: true,
        onDisconnect,
      },
      { state: (state) => this.#configured(state) },
      this.#withdrawn.signal,
    );
  }

  /** Resolves when the signal is aborted or a successor asks for the node; rejects where it cannot go on. */
  async start(stopping: AbortSignal): Promise<void> {
    const { client, log, succession, ready } = this.#modules;
    const { nodeName, proxyFor } = this.#options;
    const { services, slices, nodes, informers } = this.#watches;
    const signal = AbortSignal.any([stopping, succession.asked]);
    const end = ended(signal, [...informers, ...this.#configuration.informers]);
    if (!succession.isWaiting) this.#reporter.start();
    await Promise.race([Promise.all([allSynced(informers), this.#configuration.synced()]), end]);
    if (signal.aborted) return;
    this.#lookForOwnNode();
    await Promise.race([this.#ownNode.promise, end]);
    if (signal.aborted) return;
    const own = await this.#ownNode.promise;
    await tellGateways(client, own.node, signal).catch((error: Error) =>
      log.warn({ error: error.message }, "the node's gateways are not told: a pool may take one of their addresses"),
    );
    const taken = await Promise.race([succession.take(signal), end]);
    if (signal.aborted) return;
    if (taken === "past a silent one") log.warn("the agent before this one does not let go; going on without it");
    this.#reporter.start();
    if (proxyFor !== undefined) {
      // Told of changes from now on: what comes while its table is made goes into the next transaction.
      this.#proxy = proxyOver({ services, slices, nodes, log }, nodeName, proxyFor);
      await this.#proxy.start();
      this.#watchNodes(this.#proxy);
    }
    // Ports that a silent predecessor held are tried again when it is gone.
    void succession.freed.then(() => this.#proxy?.servicesChanged(services.cache.keys()));
    await this.#announce(own);
    log.info({ services: services.cache.size, taken }, "all is known: announcing from now on");
    ready();
    await end;
  }

  /** Withdraws first, and leaves after. */
  async stop(): Promise<void> {
    this.#trials.stop();
    await this.#bgp?.stop(this.#options);
    this.#withdrawn.abort();
    await this.#liveness?.stop();
    await this.#proxy?.stop();
    await this.#reporter.stop(AbortSignal.timeout(lastWordMs));
    await this.#unwatch();
  }

  /** Leaves sessions, routes, rules and the report as they are to a successor, and holds nothing any more. */
  async letGo(): Promise<void> {
    this.#modules.log.info("another agent takes this node over: it is left everything as it is");
    this.#trials.stop();
    await this.#bgp?.letGo();
    this.#withdrawn.abort();
    await this.#liveness?.stop();
    await this.#proxy?.stop();
    await this.#reporter.letGo();
    await this.#unwatch();
  }

  async #unwatch(): Promise<void> {
    const informers = [...this.#watches.informers, ...this.#configuration.informers];
    await Promise.allSettled(informers.map((informer) => informer.done));
  }

  async #announce({ node, address, address6 }: OwnNode): Promise<void> {
    const { metrics, log } = this.#modules;
    const { bgpPort } = this.#options;
    const addresses = { 4: address, ...(address6 === undefined ? {} : { 6: address6 }) };
    const listen = bgpPort === 0 ? [] : Object.values(addresses).map((each) => ({ address: each, port: bgpPort }));
    const watchPaths = () => this.#bfd.share();
    const onListenFailure = (error: Error) =>
      log.warn({ error: error.message }, "BGP sessions are not accepted everywhere; ours are opened");
    const onLinkProblem = (link: string, message: string) =>
      log.warn({ link, error: message }, "no peer can be found on this link; it is tried again");
    const ports = {
      ...this.#modules,
      watchPaths,
      onListenFailure,
      links: systemLinks,
      ownAddresses: allAddresses,
      onLinkProblem,
    };
    const bgp = new BgpReconciler(ports, { routerId: address, addresses, listen });
    this.#bgp = bgp;
    metrics.sessions(() => bgp.sessions);
    metrics.paths(() => bgp.pathStatus());
    bgp.onChange(() => this.#reporter.touch());
    this.#announcer.setNode(node);
    this.#announcer.start(bgp);
    await bgp.listen();
    this.#reporter.touch();
  }

  /** From now on other nodes that die are left out as soon as they fall silent. */
  #watchNodes(proxy: ServiceProxy): void {
    const { nodeName, nodeDetection } = this.#options;
    if (nodeDetection === undefined) return;
    const liveness = new BfdLiveness(this.#bfd.share(), nodeName, nodeDetection);
    this.#liveness = liveness;
    let told = "";
    liveness.onChange((dead) => {
      proxy.nodesChanged(dead);
      this.#reporter.touch();
      const names = [...dead].join(", ");
      if (names !== told) this.#modules.log.warn({ dead: [...dead] }, "nodes that fell silent; endpoints are left out");
      told = names;
    });
    liveness.setNodes(this.#watches.nodes.cache.values());
  }

  #nodesChanged(changes: Changes<Node>): void {
    const { nodeName } = this.#options;
    const own = this.#watches.nodes.cache.get(nodeName);
    if (own !== undefined) this.#announcer.setNode(own);
    if (own !== undefined && own.metadata.uid !== this.#nodeUid) {
      this.#nodeUid = own.metadata.uid;
      this.#reporter.touch();
    }
    if (this.#watches.nodes.isSynced) this.#lookForOwnNode();
    this.#configuration.nodesChanged(changes);
    this.#liveness?.setNodes(this.#watches.nodes.cache.values());
    this.#proxy?.nodesChanged();
  }

  /** Says once what is missing, and again when it is something else. */
  #lookForOwnNode(): void {
    const { nodeName } = this.#options;
    const read = readOwnNode(this.#watches.nodes.cache.get(nodeName), nodeName);
    if (typeof read !== "string") return this.#ownNode.resolve(read);
    if (read !== this.#missing) this.#modules.log.warn(`${read}; waiting for it`);
    this.#missing = read;
  }

  #configured({ configuration, trial, problems }: ConfigurationState): void {
    for (const problem of problems) {
      this.#modules.log.error(problem, "the configuration is wrong; the last good one stays in force");
    }
    if (this.#trials.isNew(trial)) {
      this.#evidence = new SessionEvidence(this.#bgp?.statuses ?? [], this.#modules.clock.now());
    }
    if (!isDeepStrictEqual(configuration, this.#announcer.configuration))
      this.#announcer.setConfiguration(configuration);
    this.#trials.follow(trial);
    this.#reporter.touch();
  }
}

/** Resolves when the signal is aborted, or rejects as soon as an informer fails. */
async function ended(signal: AbortSignal, informers: readonly Informer<KubernetesObject>[]): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([aborted, ...informers.map((informer) => informer.done)]);
}
