import { formatAddress } from "../../net/index.ts";
import {
  resolvePeerConfig,
  samePeerConfig,
  type PeerConfig,
  type ResolvedPeerConfig,
  type SpeakerConfig,
} from "./config.ts";
import { cease } from "./notification.ts";
import { Peer } from "./peer.ts";
import type { SpeakerPorts } from "./ports.ts";
import type { Connection, Endpoint, Listener } from "./transport.ts";

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
  #listeners: Listener[] = [];
  #isStopped = false;

  constructor(ports: SpeakerPorts, config: SpeakerConfig) {
    this.#ports = { schedule: (run) => void setImmediate(run), random: Math.random, ...ports };
    this.#config = config;
  }

  /** Listens where the configuration says. Rejects with a `TransportError` if it cannot; peers dial all the same. */
  async listen(): Promise<void> {
    for (const local of this.#config.listen ?? []) {
      this.#listeners.push(await this.#ports.transport.listen(local, (connection) => this.#accept(connection)));
    }
  }

  /** Where it listens, with the ports that the system chose where 0 was asked for. */
  get listening(): readonly Endpoint[] {
    return this.#listeners.map((listener) => listener.local);
  }

  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The peer, started. Throws `RangeError` where the configuration is impossible or its name or address is taken. */
  addPeer(config: PeerConfig): Peer {
    const resolved = resolvePeerConfig(config, this.#config);
    this.#checkUnique([...this.#peers.values()].map((peer) => peer.config).concat(resolved));
    return this.#add(resolved);
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
    const routesOf = new Map<string, Peer>();
    for (const peer of this.#peers.values()) {
      const config = wanted.get(peer.name);
      if (config === undefined) this.#remove(peer, cease.peerDeconfigured);
      else if (!samePeerConfig(config, peer.config)) {
        routesOf.set(peer.name, peer);
        this.#remove(peer, cease.otherConfigurationChange);
      }
    }
    for (const config of resolved) {
      if (this.#peers.has(config.name)) continue;
      const peer = this.#add(config);
      const before = routesOf.get(config.name);
      if (before !== undefined) peer.setRoutes(before.routes());
    }
  }

  /** Closes the peer's session (Peer De-configured); without effect if there is no such peer. */
  removePeer(name: string): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) this.#remove(peer, cease.peerDeconfigured);
  }

  /**
   * Ends a peer's session without waiting and begins anew, with the routes it had: the path to it has failed (RFC 5882
   * §4.3). Tells the peer so, should it hear it after all (RFC 9384: BFD Down). Without effect if there is no such peer.
   */
  resetPeer(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    const routes = peer.routes();
    this.#remove(peer, cease.bfdDown, AbortSignal.abort());
    this.#add(peer.config).setRoutes(routes);
  }

  /** Calls `listener` whenever `Peer.onChange` would for any peer. Returns how to stop it. */
  onChange(listener: (peer: Peer) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /**
   * Leaves in good order: listens no more, withdraws all routes from all peers, waits `drainMs` from when the transport
   * has taken that, for peers to move their traffic, then sends Cease/Administrative Shutdown and closes. Ends when all
   * connections are closed. An aborted `signal` cuts the withdrawing and waiting short, never the Cease.
   */
  async stop(options: { readonly drainMs?: number } = {}, signal?: AbortSignal): Promise<void> {
    this.#isStopped = true;
    const closing = this.#listeners.map((listener) => listener.close());
    this.#listeners = [];
    const drainMs = options.drainMs ?? 0;
    const leaving = [...this.#peers.values()].map((peer) => peer.stop({ drainMs }, signal));
    await Promise.all([...leaving, ...this.#departures, ...closing]);
  }

  #add(config: ResolvedPeerConfig): Peer {
    if (this.#isStopped) throw new Error("the speaker has been stopped");
    const peer = new Peer(this.#ports, config);
    this.#peers.set(peer.name, peer);
    this.#byAddress.set(formatAddress(config.remoteAddress), peer);
    peer.onChange(() => {
      for (const listener of this.#changeListeners) listener(peer);
    });
    peer.start();
    return peer;
  }

  #remove(peer: Peer, ceaseSubcode: number, signal?: AbortSignal): void {
    this.#peers.delete(peer.name);
    this.#byAddress.delete(formatAddress(peer.config.remoteAddress));
    const departure = peer.stop({ ceaseSubcode }, signal).then(() => void this.#departures.delete(departure));
    this.#departures.add(departure);
  }

  #checkUnique(configs: readonly ResolvedPeerConfig[]): void {
    const names = new Set<string>();
    const addresses = new Map<string, string>();
    for (const { name, remoteAddress } of configs) {
      const address = formatAddress(remoteAddress);
      if (names.has(name)) throw new RangeError(`peer ${name}: there are two of this name`);
      const other = addresses.get(address);
      if (other !== undefined) throw new RangeError(`peer ${name}: remoteAddress ${address} is that of peer ${other}`);
      names.add(name);
      addresses.set(address, name);
    }
  }

  #accept(connection: Connection): void {
    const peer = this.#byAddress.get(formatAddress(connection.remote.address));
    if (peer !== undefined) return peer.accept(connection);
    // Strangers get no word: RFC 4271 §8.1.4 leaves it to us, and silence tells them least.
    connection.open({ received: () => {}, drained: () => {}, ended: () => {}, closed: () => {} });
    return connection.destroy();
  }
}
