import { isDeepStrictEqual } from "node:util";
import { watchKind, type Client, type Informer } from "../kubernetes/client/index.ts";
import {
  BGPAdvertisement,
  BGPPeer,
  ConfigMap,
  IPAddressPool,
  type KubernetesObject,
  type Node,
  type NodeReport,
} from "../kubernetes/resources/index.ts";
import {
  readConfiguration,
  type Configuration,
  type ConfigurationReason,
  type ConfigurationSource,
} from "../plan/index.ts";

export interface ConfigurationWatchOptions {
  /** Where the metallb.io resources, or the old ConfigMap, live. */
  readonly namespace: string;
  /** Whose addresses no pool may hold; both are looked at whenever something else changed, or at `reread`. */
  readonly nodes?: () => Iterable<Node>;
  readonly reports?: () => Iterable<NodeReport>;
}

/** What came of reading the configuration, told whenever it is another than before. */
export interface ConfigurationState {
  /** The last good one; undefined while there has been none. */
  readonly configuration: Configuration | undefined;
  /** What is wrong with what is written now; empty if `configuration` is just that. */
  readonly problems: readonly ConfigurationReason[];
}

/** The ConfigMap that MetalLB was configured by up to 0.12. */
const legacyName = "config";

/** Keeps the configuration as it is written, and the last good one in force where what is written is wrong. */
export class ConfigurationWatch {
  readonly pools: Informer<IPAddressPool>;
  readonly peers: Informer<BGPPeer>;
  readonly advertisements: Informer<BGPAdvertisement>;
  readonly configMaps: Informer<ConfigMap>;
  readonly #options: ConfigurationWatchOptions;
  readonly #onChange: (state: ConfigurationState) => void;
  #state: ConfigurationState = { configuration: undefined, problems: [] };
  #isSynced = false;

  constructor(
    client: Client,
    options: ConfigurationWatchOptions,
    onChange: (state: ConfigurationState) => void,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#onChange = onChange;
    const { namespace } = options;
    const reread = () => this.reread();
    this.pools = watchKind(client, IPAddressPool, { namespace }, reread, signal);
    this.peers = watchKind(client, BGPPeer, { namespace }, reread, signal);
    this.advertisements = watchKind(client, BGPAdvertisement, { namespace }, reread, signal);
    const fieldSelector = `metadata.name=${legacyName}`;
    this.configMaps = watchKind(client, ConfigMap, { namespace, fieldSelector }, reread, signal);
  }

  get state(): ConfigurationState {
    return this.#state;
  }

  get informers(): readonly Informer<KubernetesObject>[] {
    return [this.pools, this.peers, this.advertisements, this.configMaps] as unknown as Informer<KubernetesObject>[];
  }

  /** All that is configured was read; `state` is true from then on. */
  async synced(): Promise<void> {
    await Promise.all(this.informers.map((informer) => informer.synced));
    this.#isSynced = true;
    this.reread();
  }

  /** Reads what the caches hold; does nothing before they are complete, for half a configuration is a wrong one. */
  reread(): void {
    if (!this.#isSynced) return;
    const read = readConfiguration(this.#source());
    const before = this.#state;
    const after: ConfigurationState = read.ok
      ? { configuration: read.configuration, problems: [] }
      : { configuration: before.configuration, problems: read.problems };
    if (isDeepStrictEqual(before, after)) return;
    this.#state = after;
    this.#onChange(after);
  }

  #source(): ConfigurationSource {
    return {
      pools: [...this.pools.cache.values()],
      peers: [...this.peers.cache.values()],
      advertisements: [...this.advertisements.cache.values()],
      configMap: [...this.configMaps.cache.values()][0],
      nodes: [...(this.#options.nodes?.() ?? [])],
      reports: [...(this.#options.reports?.() ?? [])],
    };
  }
}
