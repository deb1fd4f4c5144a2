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
  Rollout,
  type KubernetesObject,
  type Node,
} from "../kubernetes/resources/index.ts";
import {
  inForce,
  readConfiguration,
  refusedChanges,
  writtenConfiguration,
  type Configuration,
  type ConfigurationReason,
  type ConfigurationSource,
  type PeerSecrets,
  type ReadConfiguration,
  type RolloutReason,
  type Trial,
  type WrittenConfiguration,
} from "../plan/index.ts";
import { KeptConfigurations, peersOf } from "./kept-configurations.ts";
import { legacyName } from "./list-configuration.ts";
import { secretNames, SecretWatch } from "./secret-watch.ts";

export interface ConfigurationWatchOptions {
  /** Where the metallb.io resources, or the old ConfigMap, live. */
  readonly namespace: string;
  /** Whose addresses no pool may hold; looked at whenever something else changed, or at `reread`. */
  readonly nodes: () => Iterable<Node>;
  /**
   * Where nothing was ever kept, or it cannot be read, take what is left without the objects that are wrong. For who
   * announces: something is better than nothing. Not for who gives addresses: he would take away those of a pool that
   * is left out.
   */
  readonly beginsWithGoodPart?: boolean;
  /** Who asks: a node tries a change where it has a permit for it. Undefined for who only uses what was kept. */
  readonly nodeName?: string;
  readonly onDisconnect?: ((error: ClientError) => void) | undefined;
}

/** What came of reading the configuration. */
export interface ConfigurationState {
  /** What is in force; where nothing was ever kept, what is written or its good part; undefined while there is none. */
  readonly configuration: Configuration | undefined;
  /** Of `configuration`; undefined where it is only a good part. */
  readonly revision: string | undefined;
  /** `configuration` is what is written, on trial. */
  readonly trial: Trial | undefined;
  /** What is wrong with what is written now, by itself. */
  readonly problems: readonly ConfigurationReason[];
}

/** What is written, when nothing is wrong with it. */
interface Written extends WrittenConfiguration {
  readonly configuration: Configuration;
  /** Says a thing where the user has written it. */
  readonly asWritten: Extract<ReadConfiguration, { ok: true }>["objects"]["asWritten"];
}

/** The one Rollout of a configuration, beside it. */
export const rolloutName = "configuration";

/** Told of what was read: `state` whenever it is another than before, `objects` whenever any object was changed. */
export interface ConfigurationHandlers {
  readonly state: (state: ConfigurationState) => void;
  readonly objects?: () => void;
}

/**
 * Keeps the configuration as it is written, and says which one is in force: what the Rollout says was kept, unless what
 * is written is that, or is to be tried here. Every process judges by the same things, so that none takes for good what
 * another refuses.
 */
export class ConfigurationWatch {
  readonly pools: Informer<IPAddressPool>;
  readonly peers: Informer<BGPPeer>;
  readonly advertisements: Informer<BGPAdvertisement>;
  readonly bfdProfiles: Informer<BFDProfile>;
  readonly communities: Informer<Community>;
  readonly configMaps: Informer<ConfigMap>;
  readonly rollouts: Informer<Rollout>;
  readonly #kept = new KeptConfigurations();
  readonly #secrets: SecretWatch;
  readonly #firstRead = Promise.withResolvers<void>();
  readonly #options: ConfigurationWatchOptions;
  readonly #handlers: ConfigurationHandlers;
  #state: ConfigurationState = { configuration: undefined, revision: undefined, trial: undefined, problems: [] };
  #isSynced = false;
  #written: Written | undefined;
  /** What was in force last, for the time when no Rollout says what should be. */
  #last: InForceNow | undefined;
  #takenBack: number | undefined;

  constructor(
    client: Client,
    options: ConfigurationWatchOptions,
    handlers: ConfigurationHandlers,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#handlers = handlers;
    const giveUp = () => this.#firstRead.reject(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    // Whoever waits is told; where nobody does, nothing has failed.
    this.#firstRead.promise.catch(() => {});
    const { namespace } = options;
    const onDisconnect = options.onDisconnect ?? (() => {});
    const where = { namespace, onDisconnect };
    const reread = (changes?: Changes<KubernetesObject>) => {
      if (changes === undefined || !areOfStatusOnly(changes)) return this.reread();
      // Counters of a pool, mostly: they configure nothing.
      if (this.#isSynced) this.#handlers.objects?.();
    };
    this.pools = watchKind(client, IPAddressPool, where, reread, signal);
    this.peers = watchKind(client, BGPPeer, where, reread, signal);
    this.advertisements = watchKind(client, BGPAdvertisement, where, reread, signal);
    this.bfdProfiles = watchKind(client, BFDProfile, where, reread, signal);
    this.communities = watchKind(client, Community, where, reread, signal);
    this.#secrets = new SecretWatch(client, where, reread, signal);
    const fieldSelector = `metadata.name=${legacyName}`;
    this.configMaps = watchKind(client, ConfigMap, { ...where, fieldSelector }, reread, signal);
    const ours = { ...where, fieldSelector: `metadata.name=${rolloutName}` };
    this.rollouts = watchKind(client, Rollout, ours, reread, signal);
  }

  get state(): ConfigurationState {
    return this.#state;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** What is written now; undefined while it is wrong. */
  get written(): Written | undefined {
    return this.#written;
  }

  get rollout(): Rollout | undefined {
    return [...this.rollouts.cache.values()][0];
  }

  /** The changes that are written and not in force because a node took them back. */
  get refused(): readonly RolloutReason[] {
    const { rollout } = this;
    const written = this.#written;
    if (rollout?.spec.refused === undefined || rollout.spec.refused.revision !== written?.revision) return [];
    return refusedChanges(rollout.spec, written.text).map(written.asWritten);
  }

  /** Goes back from a trial to what was kept, without asking anyone. */
  takeBack({ attempt }: Trial): void {
    this.#takenBack = attempt;
    this.reread();
  }

  get informers(): readonly Informer<KubernetesObject>[] {
    const { pools, peers, advertisements, bfdProfiles, communities, configMaps, rollouts } = this;
    const informers = [pools, peers, advertisements, bfdProfiles, communities, configMaps, rollouts];
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
    const kept = this.rollout?.spec.kept;
    this.#secrets.want(secretNames([...this.peers.cache.values(), ...peersOf(kept)]));
    const { secrets } = this.#secrets;
    if (secrets === undefined) return; // it is called again when they are known
    const read = readConfiguration(this.#source(secrets));
    this.#written = read.ok
      ? {
          ...writtenConfiguration(read.objects),
          configuration: this.#withKnownPeers(read),
          asWritten: read.objects.asWritten,
        }
      : undefined;
    const before = this.#state;
    this.#last = this.#inForce(secrets) ?? this.#last;
    const part = read.ok ? read.configuration : read.goodPart;
    const goodPart = this.#options.beginsWithGoodPart === true ? part : undefined;
    const after: ConfigurationState = {
      ...(this.#last ?? { configuration: goodPart, revision: undefined, trial: undefined }),
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
      .flatMap(({ metadata: { name } }) => this.#last?.configuration?.peers.get(name) ?? []);
    if (kept.length === 0) return configuration;
    const peers = [...configuration.peers.values(), ...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { ...configuration, peers: new Map(peers.map((peer) => [peer.name, peer])) };
  }

  /** To be told of changed Nodes: rereads where it is what the configuration is judged by, which it seldom is. */
  nodesChanged({ added, updated, deleted }: Changes<Node>): void {
    const moved = updated.filter((change) => !isDeepStrictEqual(judgedBy(change.old), judgedBy(change.new)));
    if (added.length + moved.length + deleted.length > 0) this.reread();
  }

  #inForce(secrets: PeerSecrets): InForceNow | undefined {
    const written = this.#written;
    const spec = this.rollout?.spec;
    if (written !== undefined) this.#kept.remember(written.revision, written.configuration);
    if (spec === undefined) return written && inForceAs(written, undefined);
    const choice = inForce(spec, written?.revision, this.#options.nodeName, this.#takenBack);
    this.#kept.forgetAllBut(written?.revision, spec.kept.revision, this.#last?.revision);
    if (choice.use === "written") return written && inForceAs(written, choice.trial);
    const configuration = this.#kept.find(spec.kept, [...this.peers.cache.values()], secrets);
    return configuration && { configuration, revision: spec.kept.revision, trial: undefined };
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

function areOfStatusOnly({ added, updated, deleted }: Changes<KubernetesObject>): boolean {
  const isSame = (change: (typeof updated)[number]) =>
    isDeepStrictEqual(configured(change.old), configured(change.new));
  return added.length + deleted.length === 0 && updated.every(isSame);
}

function configured(object: KubernetesObject): unknown {
  const { uid, generation, labels, annotations, deletionTimestamp } = object.metadata;
  const metadata = { uid, generation, labels, annotations, deletionTimestamp };
  return { ...object, metadata, status: undefined };
}

type InForceNow = Omit<ConfigurationState, "problems">;

function inForceAs({ configuration, revision }: Written, trial: Trial | undefined): InForceNow {
  return { configuration, revision, trial };
}

/** Addresses for no pool, and labels, by which two peers or advertisements may meet on one node. */
function judgedBy({ metadata, status }: Node): unknown {
  return [status?.addresses, metadata.annotations?.[gatewaysAnnotation], metadata.labels];
}
