import type { Ipv4Address } from "../../net/index.ts";
import { placeOf, type NodePlan, type RouteChange } from "../../plan/index.ts";
import { Speaker, type Endpoint, type PeerStatus, type SpeakerPorts } from "../../protocols/bgp/index.ts";
import { sessionConfigOf, type BfdAgent, type BfdStatus } from "../bfd/index.ts";
import { Listening } from "./listening.ts";
import { bfdPeerOf, isAddressed, peerConfigOf, type AddressedPeer, type NodeAddresses } from "./peer-config.ts";
import { RouteAttributeSets } from "./route-attributes.ts";

/** Watches the paths to peers; see `BfdAgent`. */
export type PathWatch = Pick<BfdAgent, "setSessions" | "onChange" | "status" | "stop">;

export interface BgpPorts extends SpeakerPorts {
  /** Called when the first peer asks for it: it costs a thread. */
  readonly watchPaths: () => PathWatch;
  /** Sessions cannot be accepted somewhere; it is tried again, and peers are dialled all the same. */
  readonly onListenFailure: (error: Error) => void;
}

export interface BgpOptions {
  /** BGP identifier of peers that name none of their own: the node's own address. */
  readonly routerId: Ipv4Address;
  /** Next hops for the family that a session has no address of. */
  readonly addresses: NodeAddresses;
  /** Where to accept sessions outside of VRFs; on the port of the first also in those. */
  readonly listen: readonly Endpoint[];
}

/** How a node takes leave of its peers. */
export interface LeaveOptions {
  /** How long routers have, after they were asked to prefer other nodes (RFC 8326), until the routes are withdrawn. */
  readonly gracefulShutdownMs: number;
  /** How long they have after that, until the sessions are closed. */
  readonly drainMs: number;
}

/** A session, and whom it is with as far as it is configured. */
export interface SessionSight {
  readonly status: PeerStatus;
  readonly remote: Endpoint;
  readonly vrf: string | undefined;
}

/** Makes the sessions and routes of this node's plan true. */
export class BgpReconciler {
  readonly #ports: BgpPorts;
  readonly #options: BgpOptions;
  readonly #speaker: Speaker;
  readonly #listening: Listening;
  readonly #attributes = new RouteAttributeSets();
  #paths: PathWatch | undefined;
  #isLeaving = false;

  constructor(ports: BgpPorts, options: BgpOptions) {
    this.#ports = ports;
    this.#options = options;
    // Every peer of a plan names its AS number; the speaker's own is never used.
    this.#speaker = new Speaker(ports, { asn: 23_456, routerId: options.routerId });
    this.#listening = new Listening(this.#speaker, ports, { ...options, onFailure: ports.onListenFailure });
  }

  /** Accepts connections from now on, as far as it can. */
  listen(): Promise<void> {
    return this.#listening.start();
  }

  /** Makes this plan the whole truth: sessions that it does not name are closed. */
  apply(plan: NodePlan): void {
    // A node that has joined since the configuration was judged may be selected by two peers with one address.
    const byPlace = new Map<string, AddressedPeer>();
    for (const { peer } of plan.sessions.values()) {
      if (isAddressed(peer) && !byPlace.has(placeOf(peer))) byPlace.set(placeOf(peer), peer);
    }
    const peers = [...byPlace.values()];
    this.#speaker.setPeers(peers.map((peer) => peerConfigOf(peer, this.#options.addresses)));
    this.#listening.setPeers(peers);
    this.#watch(peers);
    this.#isLeaving = plan.isLeaving;
    for (const [name, { routes }] of plan.sessions) {
      const peer = this.#speaker.peers.get(name);
      peer?.setGracefulShutdown(plan.isLeaving);
      const { localAsn = 0 } = peer?.config ?? {};
      peer?.setRoutes([...routes.values()].map((route) => this.#attributes.routeOf(route, localAsn)));
      peer?.tableComplete();
    }
  }

  /** Takes what has changed since; all changes of one turn of the event loop go out together. */
  change(changes: readonly RouteChange[]): void {
    for (const { peer: name, prefix, route } of changes) {
      const peer = this.#speaker.peers.get(name);
      if (route === undefined) peer?.changeRoutes({ withdraw: [prefix] });
      else peer?.changeRoutes({ announce: [this.#attributes.routeOf(route, peer.config.localAsn)] });
    }
  }

  get statuses(): readonly PeerStatus[] {
    return [...this.#speaker.peers.values()].map((peer) => peer.status);
  }

  get sessions(): readonly SessionSight[] {
    return [...this.#speaker.peers.values()].map(({ status, config }) => ({
      status,
      remote: { address: config.remoteAddress, port: config.remotePort },
      vrf: config.vrf,
    }));
  }

  /** What BFD sees of the paths; undefined where no peer has asked for it. */
  pathStatus(): Promise<BfdStatus> | undefined {
    return this.#paths?.status();
  }

  onChange(listener: () => void): () => void {
    return this.#speaker.onChange(listener);
  }

  /**
   * Asks that other nodes be preferred, withdraws everything, gives peers time to move their traffic after each, and
   * closes the sessions for good: with graceful restart by a Hard Reset (RFC 8538), so that no peer keeps the routes.
   */
  async stop({ gracefulShutdownMs, drainMs }: LeaveOptions): Promise<void> {
    await this.#listening.stop();
    if (!this.#isLeaving && this.#announcesAnything()) {
      for (const peer of this.#speaker.peers.values()) peer.setGracefulShutdown(true);
      await new Promise<void>((resolve) => void this.#ports.clock.setTimer(gracefulShutdownMs, resolve));
    }
    await this.#speaker.stop({ drainMs });
    await this.#paths?.stop();
  }

  #announcesAnything(): boolean {
    return this.statuses.some(({ prefixes: { sent } }) => sent[4] + sent[6] > 0);
  }

  /** BFD beside the sessions that ask for it: one whose path has failed is ended at once. */
  #watch(peers: readonly AddressedPeer[]): void {
    const sessions = peers.flatMap((peer) =>
      peer.bfd === undefined ? [] : [sessionConfigOf(bfdPeerOf(peer), peer.bfd)],
    );
    if (sessions.length === 0 && this.#paths === undefined) return;
    if (this.#paths === undefined) {
      this.#paths = this.#ports.watchPaths();
      this.#paths.onChange(({ peer, isFailure }) => {
        if (!isFailure) return;
        this.#speaker.resetPeer(peer);
        this.#speaker.peers.get(peer)?.setGracefulShutdown(this.#isLeaving);
      });
    }
    this.#paths.setSessions(sessions);
  }
}
