import { isDeepStrictEqual } from "node:util";
import { watchKind, type Changes, type Client, type ClientError, type Informer } from "../kubernetes/client/index.ts";
import {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  ConfigMap,
  gatewaysAnnotation,
  IPAddressPool,
  keyOf,
  type KubernetesObject,
  type Node,
} from "../kubernetes/resources/index.ts";
import {
  readConfiguration,
  type Configuration,
  type ConfigurationReason,
  type ConfigurationSource,
  type PeerSecrets,
  type ReadConfiguration,
} from "../plan/index.ts";
import { secretNames, SecretWatch } from "./secret-watch.ts";

export interface ConfigurationWatchOptions {
  /** Where the metallb.io resources, or the old ConfigMap, live. */
  readonly namespace: string;
  /** Whose addresses no pool may hold; looked at whenever something else changed, or at `reread`. */
  readonly nodes: () => Iterable<Node>;
  /**
   * As long as there has been no good configuration since the start, take what is left without the objects that are
   * wrong. For who announces: something is better than nothing. Not for who gives addresses: he would take away those
   * of a pool that is left out.
   */
  readonly beginsWithGoodPart?: boolean;
  readonly onDisconnect?: ((error: ClientError) => void) | undefined;
}

/** What came of reading the configuration. */
export interface ConfigurationState {
  /** The last good one, or the good part of the first; undefined while there is neither. */
  readonly configuration: Configuration | undefined;
  /** What is wrong with what is written now; empty if `configuration` is just that. */
  readonly problems: readonly ConfigurationReason[];
}

/** The ConfigMap that MetalLB was configured by up to 0.12. */
const legacyName = "config";

/** Told of what was read: `state` whenever it is another than before, `objects` whenever any object was changed. */
export interface ConfigurationHandlers {
  readonly state: (state: ConfigurationState) => void;
  readonly objects?: () => void;
}

/**
 * Keeps the configuration as it is written, and the last good one in force where what is written is wrong. Every process
 * judges by the same things, so that none takes for good what another refuses.
 */
export class ConfigurationWatch {
  readonly pools: Informer<IPAddressPool>;
  readonly peers: Informer<BGPPeer>;
  readonly advertisements: Informer<BGPAdvertisement>;
  readonly bfdProfiles: Informer<BFDProfile>;
  readonly communities: Informer<Community>;
  readonly configMaps: Informer<ConfigMap>;
  readonly #secrets: SecretWatch;
  readonly #firstRead = Promise.withResolvers<void>();
  readonly #options: ConfigurationWatchOptions;
  readonly #handlers: ConfigurationHandlers;
  #state: ConfigurationState = { configuration: undefined, problems: [] };
  #isSynced = false;
  #lastGood: Configuration | undefined;

  constructor(
    client: Client,
    options: ConfigurationWatchOptions,
    handlers: ConfigurationHandlers,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#handlers = handlers;
    const { namespace } = options;
    const onDisconnect = options.onDisconnect ?? (() => {});
    const where = { namespace, onDisconnect };
    const reread = () => this.reread();
    this.pools = watchKind(client, IPAddressPool, where, reread, signal);
    this.peers = watchKind(client, BGPPeer, where, reread, signal);
    this.advertisements = watchKind(client, BGPAdvertisement, where, reread, signal);
    this.bfdProfiles = watchKind(client, BFDProfile, where, reread, signal);
    this.communities = watchKind(client, Community, where, reread, signal);
    this.#secrets = new SecretWatch(client, where, reread, signal);
    const fieldSelector = `metadata.name=${legacyName}`;
    this.configMaps = watchKind(client, ConfigMap, { ...where, fieldSelector }, reread, signal);
  }

  get state(): ConfigurationState {
    return this.#state;
  }

  get informers(): readonly Informer<KubernetesObject>[] {
    const { pools, peers, advertisements, bfdProfiles, communities, configMaps } = this;
    const informers = [pools, peers, advertisements, bfdProfiles, communities, configMaps];
    return informers as unknown as Informer<KubernetesObject>[];
  }

  /** All that is configured was read; `state` is true from then on. */
  async synced(): Promise<void> {
    await Promise.all(this.informers.map((informer) => informer.synced));
    this.#isSynced = true;
    this.reread();
    await this.#firstRead.promise;
  }

  /** Reads what the caches hold; does nothing before they are complete, for half a configuration is a wrong one. */
  reread(): void {
    if (!this.#isSynced) return;
    this.#secrets.want(secretNames(this.peers.cache.values()));
    const { secrets } = this.#secrets;
    if (secrets === undefined) return; // it is called again when they are known
    const read = readConfiguration(this.#source(secrets));
    const before = this.#state;
    if (read.ok) this.#lastGood = this.#withKnownPeers(read);
    const goodPart = read.ok || this.#options.beginsWithGoodPart !== true ? undefined : read.goodPart;
    const after: ConfigurationState = {
      configuration: this.#lastGood ?? goodPart,
      problems: read.problems,
    };
    if (!isDeepStrictEqual(before, after)) {
      this.#state = after;
      this.#handlers.state(after);
    }
    this.#handlers.objects?.();
    this.#firstRead.resolve();
  }

  /** A peer whose Secret has gone, or is wrong now, stays as it was: its session is signed with what is known. */
  #withKnownPeers({ configuration, problems }: Extract<ReadConfiguration, { ok: true }>): Configuration {
    const faulty = new Set(problems.map(({ object }) => object));
    const kept = [...this.peers.cache.values()]
      .filter((peer) => faulty.has(`${peer.kind} ${keyOf(peer)}`))
      .flatMap(({ metadata: { name } }) => this.#lastGood?.peers.get(name) ?? []);
    if (kept.length === 0) return configuration;
    const peers = [...configuration.peers.values(), ...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { ...configuration, peers: new Map(peers.map((peer) => [peer.name, peer])) };
  }

  /** To be told of changed Nodes: rereads where it is what the configuration is judged by, which it seldom is. */
  nodesChanged({ added, updated, deleted }: Changes<Node>): void {
    const moved = updated.filter((change) => !isDeepStrictEqual(judgedBy(change.old), judgedBy(change.new)));
    if (added.length + moved.length + deleted.length > 0) this.reread();
  }

  #source(secrets: PeerSecrets): ConfigurationSource {
    return {
      secrets,
      pools: [...this.pools.cache.values()],
      peers: [...this.peers.cache.values()],
      advertisements: [...this.advertisements.cache.values()],
      bfdProfiles: [...this.bfdProfiles.cache.values()],
      communities: [...this.communities.cache.values()],
      configMap: [...this.configMaps.cache.values()][0],
      nodes: [...this.#options.nodes()],
    };
  }
}

/** Addresses for no pool, and labels, by which two peers or advertisements may meet on one node. */
function judgedBy({ metadata, status }: Node): unknown {
  return [status?.addresses, metadata.annotations?.[gatewaysAnnotation], metadata.labels];
}
