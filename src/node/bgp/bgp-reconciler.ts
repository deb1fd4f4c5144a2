import type { Ipv4Address, Ipv6Address } from "../../net/index.ts";
import { placeOf, type NodePlan, type Peer as PlannedPeer, type RouteChange } from "../../plan/index.ts";
import { Speaker, type Endpoint, type PeerStatus, type SpeakerPorts } from "../../protocols/bgp/index.ts";
import { sessionConfigOf, type BfdStatus, type PathWatch } from "../bfd/index.ts";
import { AwaitedPaths } from "./awaited-paths.ts";
import { Listening } from "./listening.ts";
import { bfdPeerOf, peerConfigOf, type EndsOf, type NodeAddresses } from "./peer-config.ts";
import { RouteAttributeSets } from "./route-attributes.ts";
import { SourceAddresses, type NodeAddressList } from "./source-addresses.ts";
import { UnnumberedLinks, type LinkPorts } from "./unnumbered-links.ts";

export interface BgpPorts extends SpeakerPorts {
  /** Called when the first peer asks for it. */
  readonly watchPaths: () => PathWatch;
  /** Sessions cannot be accepted somewhere; it is tried again, and peers are dialled all the same. */
  readonly onListenFailure: (error: Error) => void;
  /** The links of unnumbered peers. */
  readonly links: Pick<LinkPorts, "addresses" | "open">;
  /** All addresses that the node has now. */
  readonly ownAddresses: () => NodeAddressList;
  /** No peer can be found on this link, and why; it is tried again. */
  readonly onLinkProblem: (link: string, message: string) => void;
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
  /** The address of an unnumbered peer is missing until it has been found. */
  readonly remote: Omit<Endpoint, "address"> & Partial<Pick<Endpoint, "address">>;
  readonly vrf: string | undefined;
}

/** Makes the sessions and routes of this node's plan true. */
export class BgpReconciler {
  readonly #ports: BgpPorts;
  readonly #options: BgpOptions;
  readonly #speaker: Speaker;
  readonly #listening: Listening;
  readonly #links: UnnumberedLinks;
  readonly #sources: SourceAddresses;
  readonly #attributes = new RouteAttributeSets();
  #origins: ReadonlyMap<string, PlannedPeer["origin"]> = new Map();
  readonly #awaited: AwaitedPaths;
  /** Of the plan, no two of them at one place. */
  #peers: readonly PlannedPeer[] = [];
  #paths: PathWatch | undefined;
  #isLeaving = false;
  /** Whatever happens now, nothing begins any more. */
  #isStopped = false;

  constructor(ports: BgpPorts, options: BgpOptions) {
    this.#ports = ports;
    this.#options = options;
    // Every peer of a plan names its AS number; the speaker's own is never used.
    this.#speaker = new Speaker(ports, { asn: 23_456, routerId: options.routerId });
    this.#awaited = new AwaitedPaths(ports.clock, () => this.#pathsSeen());
    // A connection that were taken and closed again would hold a router up for longer than one that is refused.
    const isWaiting = () => this.#awaited.areMissing;
    this.#listening = new Listening(this.#speaker, ports, { ...options, isWaiting, onFailure: ports.onListenFailure });
    this.#links = new UnnumberedLinks(
      { clock: ports.clock, random: ports.random ?? Math.random, ...ports.links },
      { changed: () => this.#configure(), problem: ports.onLinkProblem },
    );
    this.#sources = new SourceAddresses(ports.clock, ports.ownAddresses, () => this.#configure());
    this.#speaker.onChange(() => this.#settle());
  }

  /** Accepts connections from now on, as far as it can; after the first plan, which says what to wait for. */
  listen(): Promise<void> {
    return this.#listening.start();
  }

  /** Makes this plan the whole truth: sessions that it does not name are closed. */
  apply(plan: NodePlan): void {
    if (this.#isStopped) return;
    // A node that has joined since the configuration was judged may be selected by two peers with one address.
    const byPlace = new Map<string, PlannedPeer>();
    for (const { peer } of plan.sessions.values()) {
      if (!byPlace.has(placeOf(peer))) byPlace.set(placeOf(peer), peer);
    }
    this.#peers = [...byPlace.values()];
    this.#origins = new Map(this.#peers.map(({ name, origin }) => [name, origin]));
    this.#isLeaving = plan.isLeaving;
    this.#links.setLinks(
      new Set(this.#peers.flatMap(({ reach }) => (reach.by === "interface" ? reach.interface : []))),
    );
    this.#sources.setPeers(this.#peers);
    this.#awaited.begin(this.#peers.filter((each) => each.gracefulRestart && each.bfd).map(({ name }) => name));
    this.#configure();
    for (const [name, { routes }] of plan.sessions) {
      const peer = this.#speaker.peers.get(name);
      peer?.setGracefulShutdown(plan.isLeaving);
      const { localAsn = 0 } = peer?.config ?? {};
      peer?.setRoutes(
        [...routes.values()].map((route) => this.#attributes.routeOf(route, localAsn, this.#originFor(name))),
      );
      peer?.tableComplete();
    }
  }

  /** Takes what has changed since; all changes of one turn of the event loop go out together. */
  change(changes: readonly RouteChange[]): void {
    if (this.#isStopped) return;
    for (const { peer: name, prefix, route } of changes) {
      const peer = this.#speaker.peers.get(name);
      if (route === undefined) peer?.changeRoutes({ withdraw: [prefix] });
      else
        peer?.changeRoutes({
          announce: [this.#attributes.routeOf(route, peer.config.localAsn, this.#originFor(name))],
        });
    }
  }

  #originFor(peer: string): PlannedPeer["origin"] {
    return this.#origins.get(peer) ?? "incomplete";
  }

  get statuses(): readonly PeerStatus[] {
    return [...this.#speaker.peers.values()].map((peer) => peer.status);
  }

  get sessions(): readonly SessionSight[] {
    return [...this.#speaker.peers.values()].map(({ status, config }) => ({
      status,
      remote: {
        port: config.remotePort,
        ...(config.remoteAddress === undefined ? {} : { address: config.remoteAddress }),
        ...(config.interface === undefined ? {} : { interface: config.interface }),
      },
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
    this.#isStopped = true;
    this.#awaited.stop();
    await this.#listening.stop();
    if (!this.#isLeaving && this.#announcesAnything()) {
      for (const peer of this.#speaker.peers.values()) peer.setGracefulShutdown(true);
      await new Promise<void>((resolve) => void this.#ports.clock.setTimer(gracefulShutdownMs, resolve));
    }
    await this.#speaker.stop({ drainMs });
    this.#links.stop();
    this.#sources.stop();
    await this.#paths?.stop();
  }

  /** Leaves sessions and routes to another process on this node: dials and listens no more, and says nothing. */
  async letGo(): Promise<void> {
    this.#isStopped = true;
    this.#awaited.stop();
    await this.#listening.stop();
    await this.#speaker.stop({ silently: true });
    this.#links.stop();
    this.#sources.stop();
    await this.#paths?.stop();
  }

  #announcesAnything(): boolean {
    return this.statuses.some(({ prefixes: { sent } }) => sent[4] + sent[6] > 0);
  }

  /** Tells the speaker of the peers, and of where they are as far as that is known by now; routes stay as they are. */
  #configure(): void {
    if (this.#isStopped) return;
    const peers = this.#peers.map((peer) => this.#sources.sourced(peer));
    const endsOf = (link: string) => this.#links.ends(link);
    this.#speaker.setPeers(
      peers.map((peer) => ({
        ...peerConfigOf(peer, this.#options.addresses, endsOf),
        ...(this.#awaited.isMissing(peer.name) ? { passive: true, accepts: false } : {}),
      })),
    );
    for (const peer of this.#speaker.peers.values()) peer.setGracefulShutdown(this.#isLeaving);
    const ownByLink = peers.flatMap(({ reach }): [string, Ipv6Address][] => {
      const ends = reach.by === "interface" ? endsOf(reach.interface) : undefined;
      return reach.by === "interface" && ends !== undefined ? [[reach.interface, ends.linkLocal]] : [];
    });
    this.#listening.setPeers(peers, new Map(ownByLink));
    this.#watch(peers, endsOf);
    this.#settle();
  }

  #pathsSeen(): void {
    if (this.#isStopped) return;
    this.#configure();
    if (!this.#awaited.areMissing) void this.#listening.start();
  }

  /** A neighbour in session need not hear our router advertisements so often. */
  #settle(): void {
    const inSession = [...this.#speaker.peers.values()].filter(({ state }) => state === "established");
    this.#links.setSettled(new Set(inSession.flatMap(({ config }) => config.interface ?? [])));
  }

  /** BFD beside the sessions that ask for it: one whose path has failed is ended at once. */
  #watch(peers: readonly PlannedPeer[], endsOf: EndsOf): void {
    const sessions = peers.flatMap((peer) => {
      const path = bfdPeerOf(peer, endsOf);
      return peer.bfd === undefined || path === undefined ? [] : [sessionConfigOf(path, peer.bfd)];
    });
    if (sessions.length === 0 && this.#paths === undefined) return;
    if (this.#paths === undefined) {
      this.#paths = this.#ports.watchPaths();
      this.#paths.onChange(({ peer, state, isFailure }) => {
        if (state === "init" || state === "up") this.#awaited.seen(peer);
        if (!isFailure || this.#isStopped) return;
        this.#speaker.resetPeer(peer);
        this.#speaker.peers.get(peer)?.setGracefulShutdown(this.#isLeaving);
      });
    }
    this.#paths.setSessions(sessions);
  }
}
