import { formatAddress, type Address } from "../../net/index.ts";
import { cease } from "./codec/notification.ts";
import {
  linkOptionsOf,
  resolvePeerConfig,
  samePeerConfig,
  type ListenEndpoint,
  type PeerConfig,
  type ResolvedPeerConfig,
  type SpeakerConfig,
} from "./config.ts";
import { Peer } from "./peer.ts";
import type { SpeakerPorts } from "./ports.ts";
import type { StopOptions } from "./session/departure.ts";
import {
  formatEndpointAddress,
  TransportError,
  type Connection,
  type Endpoint,
  type Listener,
  type ListeningPeer,
} from "./transport.ts";

/**
 * A BGP speaker: its peers, and the listeners whose connections it hands to them by remote address. It decides nothing of
 * routes: each peer is told what it shall have.
 */
export class Speaker {
  readonly #ports: Required<SpeakerPorts>;
  readonly #config: SpeakerConfig;
  readonly #peers = new Map<string, Peer>();
  readonly #byAddress = new Map<string, Peer>();
  readonly #changeListeners = new Set<(peer: Peer) => void>();
  readonly #departures = new Set<Promise<void>>();
  /** By where they were asked to listen. */
  readonly #listeners = new Map<string, { readonly listener: Listener; readonly at: ListenEndpoint }>();
  #isStopped = false;

  constructor(ports: SpeakerPorts, config: SpeakerConfig) {
    this.#ports = { schedule: (run) => void setImmediate(run), random: Math.random, ...ports };
    this.#config = config;
  }

  /** Listens where the configuration says. Rejects with a `TransportError` if it cannot; peers dial all the same. */
  listen(): Promise<void> {
    return this.setListening(this.#config.listen ?? []);
  }

  /**
   * Makes these all the places where it listens; connections that were accepted elsewhere go on. To be called again only
   * when it has ended. Rejects with the first `TransportError`, after it has tried all.
   */
  async setListening(endpoints: readonly ListenEndpoint[]): Promise<void> {
    const wanted = new Map(endpoints.map((each) => [listenerKey(each), each]));
    const failures: TransportError[] = [];
    for (const [key, { listener }] of this.#listeners) {
      if (wanted.has(key)) continue;
      this.#listeners.delete(key);
      await listener.close();
    }
    for (const [key, at] of wanted) {
      if (this.#listeners.has(key) || this.#isStopped) continue;
      const { vrf, ...local } = at;
      const options = { ...(vrf === undefined ? {} : { vrf }), peers: this.#listeningPeers(at) };
      const accept = (connection: Connection) => this.#accept(connection, at);
      try {
        this.#listeners.set(key, { listener: await this.#ports.transport.listen(local, accept, options), at });
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        failures.push(error);
      }
    }
    this.#tellListeners(); // peers may have come while it took its time
    if (this.#isStopped) await this.#closeListeners();
    if (failures[0] !== undefined) throw failures[0];
  }

  /** Where it listens, with the ports that the system chose where 0 was asked for. */
  get listening(): readonly Endpoint[] {
    return [...this.#listeners.values()].map(({ listener }) => listener.local);
  }

  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The peer, started. Throws `RangeError` where the configuration is impossible or its name or address is taken. */
  addPeer(config: PeerConfig): Peer {
    const resolved = resolvePeerConfig(config, this.#config);
    this.#checkUnique([...this.#peers.values()].map((peer) => peer.config).concat(resolved));
    const peer = this.#add(resolved, this.#config.restarting ?? true);
    this.#tellListeners();
    peer.start();
    return peer;
  }

  /**
   * Makes `configs` all the peers there are. Those whose configuration is the same keep their session; the others get a
   * new one, with the routes they had, and those that are named no more are closed (RFC 4486: Other Configuration Change,
   * Peer De-configured). Throws `RangeError`, and changes nothing, where one is impossible or two share name or address.
   */
  setPeers(configs: readonly PeerConfig[]): void {
    const resolved = configs.map((config) => resolvePeerConfig(config, this.#config));
    this.#checkUnique(resolved);
    const wanted = new Map(resolved.map((config) => [config.name, config]));
    const predecessors = new Map<string, Peer>();
    for (const peer of this.#peers.values()) {
      const config = wanted.get(peer.name);
      if (config === undefined) this.#remove(peer, { ceaseSubcode: cease.peerDeconfigured });
      else if (!samePeerConfig(config, peer.config)) {
        predecessors.set(peer.name, peer);
        this.#remove(peer, { ceaseSubcode: cease.otherConfigurationChange });
      }
    }
    for (const config of resolved) {
      if (this.#peers.has(config.name)) continue;
      const before = predecessors.get(config.name);
      const peer = this.#add(config, before?.isRestarting ?? this.#config.restarting ?? true);
      if (before !== undefined) peer.setRoutes(before.routes());
      if (before?.isTableComplete === true) peer.tableComplete();
    }
    this.#tellListeners();
    for (const peer of this.#peers.values()) peer.start();
  }

  /** Closes the peer's session (Peer De-configured); without effect if there is no such peer. */
  removePeer(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.#remove(peer, { ceaseSubcode: cease.peerDeconfigured });
    this.#tellListeners();
  }

  /**
   * Ends a peer's session without waiting and begins anew, with the routes it had: the path to it has failed (RFC 5882
   * §4.3). Tells the peer so, should it hear it after all (RFC 9384: BFD Down). Without effect if there is no such peer.
   */
  resetPeer(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    this.#remove(peer, { ceaseSubcode: cease.bfdDown });
    const next = this.#add(peer.config, peer.isRestarting);
    next.setRoutes(peer.routes());
    if (peer.isTableComplete) next.tableComplete();
    next.start();
  }

  /** Calls `listener` whenever `Peer.onChange` would for any peer. Returns how to stop it. */
  onChange(listener: (peer: Peer) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /**
   * Leaves in good order: listens no more, withdraws all routes from all peers, waits `drainMs` (default 0) from when the
   * transport has taken that, for peers to move their traffic, then sends Cease/Administrative Shutdown and closes; where
   * graceful restart was negotiated by a Hard Reset (RFC 8538), so that nothing is kept. Ends when all connections are
   * closed. An aborted `signal` cuts the withdrawing and waiting short, never the Cease.
   */
  async stop(options: Omit<StopOptions, "ceaseSubcode"> = {}, signal?: AbortSignal): Promise<void> {
    this.#isStopped = true;
    const closing = this.#closeListeners();
    const leaving = [...this.#peers.values()].map((peer) => peer.stop({ drainMs: 0, ...options }, signal));
    await Promise.all([...leaving, ...this.#departures, closing]);
  }

  async #closeListeners(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    await Promise.all(listeners.map(({ listener }) => listener.close()));
  }

  #add(config: ResolvedPeerConfig, restarting: boolean): Peer {
    if (this.#isStopped) throw new Error("the speaker has been stopped");
    const peer = new Peer(this.#ports, config, restarting);
    this.#peers.set(peer.name, peer);
    const place = placeOf(config);
    if (place !== undefined) this.#byAddress.set(place, peer);
    peer.onChange(() => {
      for (const listener of this.#changeListeners) listener(peer);
    });
    return peer;
  }

  #remove(peer: Peer, options: StopOptions): void {
    this.#peers.delete(peer.name);
    this.#byAddress.delete(placeOf(peer.config) ?? "");
    const departure = peer.stop(options).then(() => void this.#departures.delete(departure));
    this.#departures.add(departure);
  }

  #tellListeners(): void {
    for (const { listener, at } of this.#listeners.values()) listener.setPeers(this.#listeningPeers(at));
  }

  #listeningPeers({ vrf, interface: link }: ListenEndpoint): ListeningPeer[] {
    return [...this.#peers.values()]
      .map(({ config }) => config)
      .filter((config) => (config.interface === undefined ? config.vrf === vrf : config.interface === link))
      .flatMap(({ remoteAddress: address, ...config }) =>
        address === undefined ? [] : [{ address, ...linkOptionsOf(config) }],
      )
      .filter((options) => Object.keys(options).length > 1);
  }

  #checkUnique(configs: readonly ResolvedPeerConfig[]): void {
    const names = new Set<string>();
    const addresses = new Map<string, string>();
    for (const config of configs) {
      const { name } = config;
      const address = placeOf(config);
      if (names.has(name)) throw new RangeError(`peer ${name}: there are two of this name`);
      names.add(name);
      if (address === undefined) continue;
      const other = addresses.get(address);
      if (other !== undefined) throw new RangeError(`peer ${name}: remoteAddress ${address} is that of peer ${other}`);
      addresses.set(address, name);
    }
  }

  #accept(connection: Connection, { vrf }: ListenEndpoint): void {
    const { address, interface: link } = connection.remote;
    const place = placeOf({ remoteAddress: address, interface: link, vrf });
    const peer = place === undefined ? undefined : this.#byAddress.get(place);
    if (peer !== undefined) return peer.accept(connection);
    // Strangers get no word: RFC 4271 §8.1.4 leaves it to us, and silence tells them least.
    connection.open({ received: () => {}, drained: () => {}, ended: () => {}, closed: () => {} });
    return connection.destroy();
  }
}

/** What is known of where a peer or the other end of a connection is. */
interface Place {
  readonly remoteAddress?: Address | undefined;
  readonly interface?: string | undefined;
  readonly vrf?: string | undefined;
}

/**
 * Tells peers apart: an address may stand for another host in each VRF, a link-local one on each link, whose name tells
 * the VRF, too. `undefined` where there is no address yet.
 */
function placeOf({ remoteAddress: address, interface: link, vrf }: Place): string | undefined {
  if (address === undefined) return undefined;
  if (link !== undefined) return formatEndpointAddress({ address, interface: link });
  return vrf === undefined ? formatAddress(address) : `${formatAddress(address)} in VRF ${vrf}`;
}

function listenerKey({ vrf, port, ...at }: ListenEndpoint): string {
  return `${formatEndpointAddress(at)} port ${port} in VRF ${vrf ?? "none"}`;
}
