import { WorkQueue, type Client, type Informer } from "../kubernetes/client/index.ts";
import { keyOf, type IPAddressPool, type NodeReport, type KubernetesObject } from "../kubernetes/resources/index.ts";
import type { AllocationDecision, ObjectReason } from "../plan/index.ts";
import type { ConfigurationWatch } from "../snapshot/index.ts";
import { writeCondition, type ConfigurationObject } from "./configuration-conditions.ts";
import type { AllocationEvents } from "./events.ts";
import type { ControllerMetrics } from "./metrics.ts";
import { reportedProblems } from "./reported-problems.ts";
import { poolUsage } from "./pool-usage.ts";
import { retries } from "./retries.ts";

interface Modules {
  readonly client: Client;
  readonly events: AllocationEvents;
  readonly metrics: ControllerMetrics;
  readonly onFailure: (what: string, error: unknown) => void;
}

/**
 * Counters in statuses need not follow every Service of a burst: whoever watches pools, as each agent does, hears of each
 * write.
 */
const usagePauseMs = 500;
const usageAgainMs = 5_000;
/** Nor is all that is configured gone through again for each of them. */
const conditionsPauseMs = 100;

/** Says on the objects of the configuration whether they are in force, and on pools how much of them is used. */
export class ConfigurationStatus {
  readonly #modules: Modules;
  readonly #configuration: ConfigurationWatch;
  readonly #decisions: () => Iterable<AllocationDecision>;
  readonly #queue: WorkQueue;
  readonly #running: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #reports: () => Iterable<NodeReport>;
  /** When a usage was written last, on the clock of `performance`. */
  #usageAt = Number.NEGATIVE_INFINITY;
  /** What each object was last told, so that one event is made of each complaint. */
  readonly #told = new Map<string, string>();

  constructor(
    modules: Modules,
    configuration: ConfigurationWatch,
    decisions: () => Iterable<AllocationDecision>,
    reports: () => Iterable<NodeReport>,
    signal: AbortSignal,
  ) {
    this.#reports = reports;
    this.#modules = modules;
    this.#configuration = configuration;
    this.#decisions = decisions;
    this.#signal = signal;
    this.#queue = new WorkQueue((what) => (what === "usage" ? this.#writeUsage() : this.#writeConditions()), {
      backoff: retries,
      onFailure: modules.onFailure,
    });
    this.#running = this.#queue.run(signal);
  }

  /** To be called whenever decisions, or the objects of the configuration, may have changed. */
  decided(): void {
    this.#queue.addAfter("usage", Math.max(usagePauseMs, this.#usageAt + usageAgainMs - performance.now()));
    this.#queue.addAfter("conditions", conditionsPauseMs);
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #writeConditions(): Promise<void> {
    const problems = this.#problems();
    const { pools, peers, advertisements, communities, configMaps } = this.#configuration;
    const informers = [pools, peers, advertisements] as unknown as Informer<KubernetesObject & ConfigurationObject>[];
    for (const { kind, cache } of informers) {
      for (const object of cache.values()) {
        this.#tell(object, problems);
        await writeCondition(this.#modules.client, kind, object, problems, () => new Date(), this.#signal);
      }
    }
    // These have no conditions.
    for (const community of communities.cache.values()) this.#tell(community, problems);
    for (const configMap of configMaps.cache.values()) this.#tell(configMap, problems);
  }

  /** Those of the configuration itself, those that only sessions show, and what a node has taken back. */
  #problems(): readonly ObjectReason[] {
    return [
      ...this.#configuration.state.problems,
      ...reportedProblems(this.#configuration.peers.cache.values(), this.#reports()),
      ...this.#configuration.refused,
    ];
  }

  #tell(object: KubernetesObject, all: readonly ObjectReason[]): void {
    const name = `${object.kind} ${keyOf(object)}`;
    const problems = all.filter((problem) => problem.object === name);
    const told = JSON.stringify(problems);
    if (problems.length > 0 && this.#told.get(name) !== told) this.#modules.events.misconfigured(object, problems);
    this.#told.set(name, told);
  }

  async #writeUsage(): Promise<void> {
    const { configuration } = this.#configuration.state;
    if (configuration === undefined) return;
    const usage = poolUsage(configuration, this.#decisions());
    this.#modules.metrics.usage(usage);
    for (const [name, wanted] of usage) {
      const pool = [...this.#configuration.pools.cache.values()].find((each) => each.metadata.name === name);
      if (pool === undefined || isWritten(pool, wanted)) continue;
      this.#usageAt = performance.now();
      const at = { namespace: pool.metadata.namespace, name };
      const patch = { type: "merge", body: { status: wanted } } as const;
      await this.#modules.client.patch(pools(this.#configuration).kind, at, patch, {
        subresource: "status",
        signal: this.#signal,
      });
    }
  }
}

function pools(configuration: ConfigurationWatch): Informer<IPAddressPool> {
  return configuration.pools;
}

function isWritten({ status }: IPAddressPool, wanted: object): boolean {
  return Object.entries(wanted).every(([field, value]) => Reflect.get(status ?? {}, field) === value);
}
