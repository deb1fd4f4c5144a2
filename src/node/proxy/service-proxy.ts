import { setTimeout as sleep } from "node:timers/promises";
import type { Conntrack } from "../../linux/conntrack/index.ts";
import type { Nftables } from "../../linux/nftables/index.ts";
import { readSysctl } from "../../linux/sysctl/index.ts";
import type { Prefix } from "../../net/index.ts";
import type { EndpointSlice, Node, Service } from "../../kubernetes/resources/index.ts";
import { Claims, type FrontendChange } from "./claims.ts";
import { frontendsOf, healthOf, type Frontend, type ProxyContext } from "./frontends.ts";
import { HealthChecks } from "./health-checks.ts";
import { forgetting, mapsOf, rememberedIn, restored } from "./memory.ts";
import { addressesOf, deadNodesOf } from "./nodes.ts";
import { Rules } from "./rules.ts";
import { ServicesByNode } from "./services-by-node.ts";
import { forgetStaleFlows } from "./stale-flows.ts";
import { bareTableName, tableName, type TableOptions } from "./table.ts";
import { differences } from "./verify.ts";

/** What the proxy reads of the cluster. It asks when it is told that something changed, and at the start. */
interface ProxySource {
  /** The keys of all services, `namespace/name`. */
  serviceKeys(): Iterable<string>;
  service(key: string): Service | undefined;
  /** Those of the service with this key. */
  endpointSlices(key: string): Iterable<EndpointSlice>;
  nodes(): Iterable<Node>;
}

interface ProxyLog {
  info(about: object, text: string): void;
  warn(about: object, text: string): void;
}

interface ProxyModules {
  readonly nftables: Pick<Nftables, "run" | "list" | "listText" | "generation">;
  readonly conntrack: Pick<Conntrack, "openFlows" | "forget">;
  readonly source: ProxySource;
  readonly log: ProxyLog;
}

interface ProxyOptions {
  readonly nodeName: string;
  /** Where pods have their addresses, in the whole cluster. */
  readonly podNetworks: readonly Prefix[];
  /** How often to look whether somebody else changed our table; costs next to nothing while nobody changes any. */
  readonly verifyEveryMs?: number;
}

const retryDelaysMs = [100, 500, 1000, 5000] as const;
const forgettingTries = 3;
const defaultVerifyEveryMs = 30_000;

/**
 * kube-proxy's work: makes the kernel of this node take packets for services to their endpoints. It keeps one nftables
 * table of its own, made whole at the start and then changed by one transaction for all services that changed together.
 */
export class ServiceProxy {
  readonly #modules: ProxyModules;
  readonly #options: ProxyOptions;
  readonly #claims = new Claims();
  readonly #rules = new Rules();
  readonly #health: HealthChecks;
  readonly #byNode = new ServicesByNode();
  readonly #pending = new Set<string>();
  readonly #stopping = new AbortController();
  #context: ProxyContext;
  #reportedDead: ReadonlySet<string> = new Set();
  #table: TableOptions;
  #installed = false;
  /** The generation of nftables at which the table was as it should be. */
  #generation: number | undefined;
  #verifying: Promise<void> = Promise.resolve();
  #work: Promise<void> = Promise.resolve();

  constructor(modules: ProxyModules, options: ProxyOptions) {
    this.#modules = modules;
    this.#options = options;
    this.#table = this.#tableOptions();
    this.#context = { nodeName: options.nodeName, nodeAddresses: [], deadNodes: new Set(), reportedDead: new Set() };
    this.#health = new HealthChecks((error, { namespace, name, port }) => {
      modules.log.warn({ error: error.message, service: `${namespace}/${name}`, port }, "no health check on this port");
    });
  }

  /** Installs the table for all that the source has, in place of one that is there; resolves when it is in force. */
  async start(): Promise<void> {
    this.#context = this.#readContext();
    for (const key of this.#modules.source.serviceKeys()) this.#pending.add(key);
    this.#enqueue();
    await this.#work;
    this.#verifying = this.#verifyAtTimes();
  }

  /** These services or their endpoint slices changed, came or went. */
  servicesChanged(keys: Iterable<string>): void {
    for (const key of keys) this.#pending.add(key);
    this.#enqueue();
  }

  /**
   * Nodes changed, or others are reported dead: endpoints on those are left out at once, unless no other is left, as are
   * all those on nodes that the API calls not ready. What is not given stays.
   */
  nodesChanged(reportedDead: ReadonlySet<string> = this.#reportedDead): void {
    this.#reportedDead = reportedDead;
    const before = this.#context;
    this.#context = this.#readContext();
    if (before.nodeAddresses.join() !== this.#context.nodeAddresses.join()) {
      this.servicesChanged(this.#modules.source.serviceKeys());
      return;
    }
    const differing = before.deadNodes
      .symmetricDifference(this.#context.deadNodes)
      .union(before.reportedDead.symmetricDifference(reportedDead));
    this.servicesChanged([...differing].flatMap((node) => [...this.#byNode.on(node)]));
  }

  /** Compares the kernel's table with what should be there, and makes it anew if somebody else changed it. */
  async verify(): Promise<void> {
    this.#then(async () => {
      const options = this.#tableOptions();
      const wrong = options.bridgesTracked === this.#table.bridgesTracked ? await this.#wrong() : "bridges' tracking";
      if (wrong === undefined) return;
      this.#modules.log.warn({ table: tableName, wrong }, "the table is not as it should be, and is made anew");
      this.#table = options;
      await this.#install();
    });
    await this.#work;
  }

  /** Resolves when all that was told so far is in force. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Ends; the table stays, and with it all services as they are, as long as nobody removes it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#verifying;
    await this.#work;
    await this.#health.close();
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopping.signal.aborted) return;
      try {
        await step();
      } catch (error) {
        if (!this.#stopping.signal.aborted)
          this.#modules.log.warn({ error: String(error) }, "a step of the proxy failed");
      }
    });
  }

  /** All changes that come while a transaction runs go into the next one. */
  #enqueue(): void {
    this.#then(async () => {
      if (this.#installed && this.#pending.size === 0) return;
      const keys = [...this.#pending];
      this.#pending.clear();
      await this.#apply(keys);
    });
  }

  async #apply(keys: readonly string[]): Promise<void> {
    const changes = this.#claims.set(keys.map((key) => [key, this.#decide(key)]));
    const transaction = this.#rules.change(changes);
    if (!this.#installed) await this.#install();
    else if (transaction !== "") await this.#change(transaction);
    for (const key of keys) await this.#setHealth(key);
    await this.#forgetClients(changes);
    await this.#forgetFlows(changes);
  }

  #decide(key: string): readonly Frontend[] {
    const service = this.#modules.source.service(key);
    const slices = service === undefined ? [] : [...this.#modules.source.endpointSlices(key)];
    this.#byNode.set(key, slices);
    return service === undefined ? [] : frontendsOf(service, slices, this.#context);
  }

  async #change(transaction: string): Promise<void> {
    try {
      await this.#run(transaction);
    } catch (error) {
      // Somebody else changed our table, or removed it.
      this.#modules.log.warn(
        { error: String(error), table: tableName },
        "a change was refused; the table is made anew",
      );
      await this.#install();
    }
  }

  /** Makes the whole table, and does not give up before it is there or the proxy is stopped. */
  async #install(): Promise<void> {
    for (let tried = 0; ; tried++) {
      try {
        const maps = mapsOf(this.#claims.inForce());
        const remembered = maps.size === 0 ? [] : restored(rememberedIn(await this.#maps()), maps);
        this.#installed = false;
        await this.#run(this.#rules.everything(this.#table, remembered));
        this.#installed = true;
        return;
      } catch (error) {
        this.#modules.log.warn({ error: String(error), table: tableName }, "the table could not be made");
        const delayMs = retryDelaysMs[Math.min(tried, retryDelaysMs.length - 1)];
        await sleep(delayMs, undefined, { signal: this.#stopping.signal });
      }
    }
  }

  async #verifyAtTimes(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // Ended early it is over, which the next look at the signal sees.
      await sleep(this.#options.verifyEveryMs ?? defaultVerifyEveryMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.verify();
    }
  }

  async #wrong(): Promise<string | undefined> {
    const { nftables } = this.#modules;
    const generation = nftables.generation();
    if (generation === this.#generation) return undefined;
    const found = (await this.#isThere())
      ? { text: await nftables.listText(`list table ${tableName}`), maps: await this.#maps() }
      : { text: "", maps: [] };
    const wrong = differences(found, this.#rules, this.#table);
    if (wrong === undefined) this.#generation = generation;
    return wrong;
  }

  /** Runs a transaction. The next `verify` has nothing to look at unless there was one of somebody else's. */
  async #run(transaction: string): Promise<void> {
    const { nftables } = this.#modules;
    const before = nftables.generation();
    await nftables.run(transaction);
    const undisturbed = nftables.generation() === before + 1 && (before === this.#generation || !this.#installed);
    if (undisturbed) this.#generation = before + 1;
  }

  async #isThere(): Promise<boolean> {
    const tables = await this.#modules.nftables.list("list tables inet");
    return tables.some((each) => JSON.stringify(each).includes(`"name":"${bareTableName}"`));
  }

  /** All maps of the family, with their elements: there is no command for those of one table. */
  #maps(): Promise<readonly unknown[]> {
    return this.#modules.nftables.list("list maps inet");
  }

  async #forgetClients(changes: readonly FrontendChange[]): Promise<void> {
    const before = mapsOf(changes.flatMap((change) => change.before ?? []));
    const after = mapsOf(changes.flatMap((change) => change.after ?? []));
    for (const [map, backends] of after) {
      const lost = [...(before.get(map) ?? [])].some((backend) => !backends.has(backend));
      if (lost) await this.#forgetClientsIn(map, after);
    }
  }

  async #forgetClientsIn(map: string, maps: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    for (let tried = 1; tried <= forgettingTries; tried++) {
      try {
        const listing = await this.#modules.nftables.list(`list map ${tableName} ${map}`);
        const transaction = forgetting(rememberedIn(listing), maps);
        if (transaction !== "") await this.#run(transaction);
        return;
      } catch (error) {
        // A client that expired between the two may have been written down anew.
        this.#modules.log.warn(
          { error: String(error), map, tried },
          "clients of a backend that went could not be forgotten",
        );
      }
    }
  }

  async #forgetFlows(changes: readonly FrontendChange[]): Promise<void> {
    const frontends = changes.flatMap(({ before, after }): Frontend[] => {
      // Gone: nobody serves it any more.
      if (after === undefined) return before === undefined ? [] : [{ ...before, serving: new Set() }];
      const had = before?.serving ?? new Set();
      return had.size > 0 && had.isSubsetOf(after.serving) ? [] : [after];
    });
    await forgetStaleFlows(this.#modules.conntrack, frontends, this.#stopping.signal);
  }

  async #setHealth(key: string): Promise<void> {
    const service = this.#modules.source.service(key);
    const slices = service === undefined ? [] : [...this.#modules.source.endpointSlices(key)];
    await this.#health.set(key, service === undefined ? undefined : healthOf(service, slices, this.#context));
  }

  #readContext(): ProxyContext {
    const { nodeName } = this.#options;
    const nodes = [...this.#modules.source.nodes()];
    const own = nodes.find((node) => node.metadata.name === nodeName);
    return {
      nodeName,
      nodeAddresses: own === undefined ? [] : addressesOf(own),
      deadNodes: deadNodesOf(nodes),
      reportedDead: this.#reportedDead,
    };
  }

  #tableOptions(): TableOptions {
    const tracked = ["iptables", "ip6tables"].every((each) => readSysctl(`net.bridge.bridge-nf-call-${each}`) === "1");
    return { podNetworks: this.#options.podNetworks, bridgesTracked: tracked };
  }
}
