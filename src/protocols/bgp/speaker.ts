import { formatAddress, type Address } from "../../net/index.ts";
import { cease } from "./codec/notification.ts";
import {
  linkOptionsOf,
  resolvePeerConfig,
  samePeerConfig,
  type PeerConfig,
  type ResolvedPeerConfig,
  type SpeakerConfig,
} from "./config.ts";
import { Peer } from "./peer.ts";
import type { SpeakerPorts } from "./ports.ts";
import type { StopOptions } from "./session/departure.ts";
import type { Connection, Endpoint, Listener, ListeningPeer } from "./transport.ts";

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
  #listeners: { readonly listener: Listener; readonly vrf: string | undefined }[] = [];
  #isStopped = false;

  constructor(ports: SpeakerPorts, config: SpeakerConfig) {
    this.#ports = { schedule: (run) => void setImmediate(run), random: Math.random, ...ports };
    this.#config = config;
  }

  /** Listens where the configuration says. Rejects with a `TransportError` if it cannot; peers dial all the same. */
  async listen(): Promise<void> {
    for (const { vrf, ...local } of this.#config.listen ?? []) {
      const options = { ...(vrf === undefined ? {} : { vrf }), peers: this.#listeningPeers(vrf) };
      const accept = (connection: Connection) => this.#accept(connection, vrf);
      this.#listeners.push({ listener: await this.#ports.transport.listen(local, accept, options), vrf });
    }
    this.#tellListeners(); // peers may have come while it took its time
  }

  /** Where it listens, with the ports that the system chose where 0 was asked for. */
  get listening(): readonly Endpoint[] {
    return this.#listeners.map(({ listener }) => listener.local);
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
    const closing = this.#listeners.map(({ listener }) => listener.close());
    this.#listeners = [];
    const leaving = [...this.#peers.values()].map((peer) => peer.stop({ drainMs: 0, ...options }, signal));
    await Promise.all([...leaving, ...this.#departures, ...closing]);
  }

  #add(config: ResolvedPeerConfig, restarting: boolean): Peer {
    if (this.#isStopped) throw new Error("the speaker has been stopped");
    const peer = new Peer(this.#ports, config, restarting);
    this.#peers.set(peer.name, peer);
    this.#byAddress.set(placeOf(config.remoteAddress, config.vrf), peer);
    peer.onChange(() => {
      for (const listener of this.#changeListeners) listener(peer);
    });
    return peer;
  }

  #remove(peer: Peer, options: StopOptions): void {
    this.#peers.delete(peer.name);
    this.#byAddress.delete(placeOf(peer.config.remoteAddress, peer.config.vrf));
    const departure = peer.stop(options).then(() => void this.#departures.delete(departure));
    this.#departures.add(departure);
  }

  #tellListeners(): void {
    for (const { listener, vrf } of this.#listeners) listener.setPeers(this.#listeningPeers(vrf));
  }

  #listeningPeers(vrf: string | undefined): ListeningPeer[] {
    return [...this.#peers.values()]
      .filter(({ config }) => config.vrf === vrf)
      .map(({ config }) => ({ address: config.remoteAddress, ...linkOptionsOf(config) }))
      .filter((options) => Object.keys(options).length > 1);
  }

  #checkUnique(configs: readonly ResolvedPeerConfig[]): void {
    const names = new Set<string>();
    const addresses = new Map<string, string>();
    for (const { name, remoteAddress, vrf } of configs) {
      const address = placeOf(remoteAddress, vrf);
      if (names.has(name)) throw new RangeError(`peer ${name}: there are two of this name`);
      const other = addresses.get(address);
      if (other !== undefined) throw new RangeError(`peer ${name}: remoteAddress ${address} is that of peer ${other}`);
      names.add(name);
      addresses.set(address, name);
    }
  }

  #accept(connection: Connection, vrf: string | undefined): void {
    const peer = this.#byAddress.get(placeOf(connection.remote.address, vrf));
    if (peer !== undefined) return peer.accept(connection);
    // Strangers get no word: RFC 4271 §8.1.4 leaves it to us, and silence tells them least.
    connection.open({ received: () => {}, drained: () => {}, ended: () => {}, closed: () => {} });
    return connection.destroy();
  }
}

/** Tells peers apart; an address may stand for another host in each VRF. */
function placeOf(address: Address, vrf: string | undefined): string {
  return vrf === undefined ? formatAddress(address) : `${formatAddress(address)} in VRF ${vrf}`;
}
