import { formatAddress, type Ipv4Address } from "../../net/index.ts";
import type { Community, NodePlan, Peer as PlannedPeer, PlannedRoute, RouteChange } from "../../plan/index.ts";
import {
  Speaker,
  type Endpoint,
  type PeerConfig,
  type PeerStatus,
  type Route,
  type RouteAttributes,
  type SpeakerPorts,
} from "../../protocols/bgp/index.ts";
import { sessionConfigOf, type BfdPeer, type PathWatch } from "../bfd/index.ts";

export interface BgpPorts extends SpeakerPorts {
  /** Called when the first peer asks for it. */
  readonly watchPaths: () => PathWatch;
}

export interface BgpOptions {
  /** BGP identifier of peers that name none of their own: the node's own address. */
  readonly routerId: Ipv4Address;
  readonly listen: readonly Endpoint[];
}

/** Makes the sessions and routes of this node's plan true. */
export class BgpReconciler {
  readonly #speaker: Speaker;
  /** One object for each attribute set, so that routes which share it go out together. */
  readonly #attributes = new Map<string, RouteAttributes>();
  readonly #watchPaths: () => PathWatch;
  #paths: PathWatch | undefined;

  constructor(ports: BgpPorts, { routerId, listen }: BgpOptions) {
    // Every peer of a plan names its AS number; the speaker's own is never used.
    this.#speaker = new Speaker(ports, { asn: 23_456, routerId, listen });
    this.#watchPaths = ports.watchPaths;
  }

  /** Accepts connections; rejects with a TransportError if it cannot, and dials all the same. */
  listen(): Promise<void> {
    return this.#speaker.listen();
  }

  /** Makes this plan the whole truth: sessions that it does not name are closed. */
  apply(plan: NodePlan): void {
    // A node that has joined since the configuration was judged may be selected by two peers with one address.
    const byAddress = new Map<string, PlannedPeer>();
    for (const { peer } of plan.sessions.values()) {
      const address = formatAddress(peer.address);
      if (!byAddress.has(address)) byAddress.set(address, peer);
    }
    this.#speaker.setPeers([...byAddress.values()].map(peerConfigOf));
    this.#watch([...byAddress.values()]);
    for (const [name, { routes }] of plan.sessions) {
      const peer = this.#speaker.peers.get(name);
      peer?.setRoutes([...routes.values()].map((route) => this.#routeOf(route)));
      peer?.tableComplete();
    }
  }

  /** Takes what has changed since; all changes of one turn of the event loop go out together. */
  change(changes: readonly RouteChange[]): void {
    for (const { peer, prefix, route } of changes) {
      const change = route === undefined ? { withdraw: [prefix] } : { announce: [this.#routeOf(route)] };
      this.#speaker.peers.get(peer)?.changeRoutes(change);
    }
  }

  get statuses(): readonly PeerStatus[] {
    return [...this.#speaker.peers.values()].map((peer) => peer.status);
  }

  onChange(listener: () => void): () => void {
    return this.#speaker.onChange(listener);
  }

  /** Withdraws everything, gives peers `drainMs` to move their traffic, and closes the sessions. */
  async stop(drainMs: number): Promise<void> {
    await this.#speaker.stop({ drainMs });
    await this.#paths?.stop();
  }

  /** BFD beside the sessions that ask for it: one whose path has failed is ended at once. */
  #watch(peers: readonly PlannedPeer[]): void {
    const sessions = peers.flatMap((peer) =>
      peer.bfd === undefined ? [] : [sessionConfigOf(bfdPeerOf(peer), peer.bfd)],
    );
    if (sessions.length === 0 && this.#paths === undefined) return;
    if (this.#paths === undefined) {
      this.#paths = this.#watchPaths();
      this.#paths.onChange(({ peer, isFailure }) => {
        if (isFailure) this.#speaker.resetPeer(peer);
      });
    }
    this.#paths.setSessions(sessions);
  }

  #routeOf({ prefix, localPref, communities }: PlannedRoute): Route {
    const key = JSON.stringify([localPref, communities]);
    const known = this.#attributes.get(key);
    if (known !== undefined) return { prefix, attributes: known };
    const attributes = attributesOf(localPref, communities);
    this.#attributes.set(key, attributes);
    return { prefix, attributes };
  }
}

function attributesOf(localPref: number | undefined, communities: readonly Community[]): RouteAttributes {
  return {
    ...(localPref === undefined ? {} : { localPref }),
    communities: communities.flatMap((each) => (each.type === "standard" ? [each.value] : [])),
    largeCommunities: communities.flatMap((each) => (each.type === "large" ? [each.value] : [])),
  };
}

function bfdPeerOf({ name, address, sourceAddress, isMultihop }: PlannedPeer): BfdPeer {
  return { name, address, isMultihop, ...(sourceAddress === undefined ? {} : { sourceAddress }) };
}

function peerConfigOf(peer: PlannedPeer): PeerConfig {
  return {
    name: peer.name,
    remoteAddress: peer.address,
    remotePort: peer.port,
    remoteAsn: peer.peerAsn,
    localAsn: peer.myAsn,
    holdTimeMs: peer.holdTimeMs,
    ...(peer.keepaliveTimeMs === undefined ? {} : { keepaliveMs: peer.keepaliveTimeMs }),
    ...(peer.connectTimeMs === undefined
      ? {}
      : { connectRetryMs: { least: peer.connectTimeMs, most: peer.connectTimeMs } }),
    ...(peer.routerId?.family === 4 ? { routerId: peer.routerId } : {}),
    ...(peer.sourceAddress === undefined ? {} : { localAddress: peer.sourceAddress }),
  };
}
