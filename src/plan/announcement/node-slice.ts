import type { Prefix } from "../../net/index.ts";
import type { Community, Peer } from "../configuration/configuration.ts";
import type { NodeView } from "./node-view.ts";
import type { Offer, ServiceAnnouncement } from "./service-announcement.ts";

/** A route as a session is to announce it. */
export interface PlannedRoute {
  readonly prefix: Prefix;
  readonly localPref: number | undefined;
  readonly communities: readonly Community[];
  /** MULTI_EXIT_DISC. */
  readonly med: number | undefined;
  /** How often more than once our AS number stands in the AS_PATH. */
  readonly prepend: number;
  /** What this node's path shall weigh among those of all nodes: its endpoints; undefined for all alike. */
  readonly weight: number | undefined;
}

/** What one node does: the peers that it speaks with, and the routes for each, by prefix. */
export interface NodePlan {
  readonly node: string;
  readonly sessions: ReadonlyMap<string, SessionPlan>;
  /** Whether routers are asked to prefer other nodes (RFC 8326): this one is cordoned, and is likely to be drained next. */
  readonly isLeaving: boolean;
}

export interface SessionPlan {
  readonly peer: Peer;
  readonly routes: ReadonlyMap<string, PlannedRoute>;
}

/** One node's slice of the plan, from scratch. */
export function planFor(view: NodeView, announcements: Iterable<ServiceAnnouncement>): NodePlan {
  const offers = new Map([...view.peers.keys()].map((peer) => [peer, new Map<string, Contribution[]>()]));
  if (view.excluded === undefined) {
    for (const announcement of announcements) {
      for (const each of contributions(view, announcement)) collect(offers.get(each.peer), each);
    }
  }
  const sessions = [...view.peers.values()].map((peer): [string, SessionPlan] => {
    const routes = new Map<string, PlannedRoute>();
    for (const [prefix, list] of offers.get(peer.name) ?? []) routes.set(prefix, combine(list));
    return [peer.name, { peer, routes }];
  });
  return { node: view.name, sessions: new Map(sessions), isLeaving: view.isLeaving };
}

interface Contribution {
  readonly peer: string;
  readonly offer: Offer;
  /** How many endpoints of the Service this node has, where routers shall weigh by that. */
  readonly weight: number | undefined;
}

/** What one Service adds to the sessions of a node. */
function contributions(view: NodeView, announcement: ServiceAnnouncement): Contribution[] {
  if (announcement.onlyNodes?.has(view.name) === false) return [];
  return announcement.offers.flatMap((offer) => {
    const isWeighed = offer.advertisement.weight === "local-endpoints";
    const weight = isWeighed ? announcement.onlyNodes?.get(view.name) : undefined;
    return (view.targets.get(offer.advertisement.name) ?? []).map((peer) => ({ peer, offer, weight }));
  });
}

function collect(offers: Map<string, Contribution[]> | undefined, contribution: Contribution): void {
  const { prefixText } = contribution.offer;
  const list = offers?.get(prefixText);
  if (list === undefined) offers?.set(prefixText, [contribution]);
  else list.push(contribution);
}

/**
 * Several offers of one prefix to one peer (a shared address, an aggregate, two advertisements) are one route: the
 * highest local preference, the lowest metric, the shortest path, every community once, in order, and the endpoints of
 * all.
 */
function combine(contributions: readonly Contribution[]): PlannedRoute {
  const [first] = contributions;
  if (first === undefined) throw new Error("a route has at least one offer");
  if (contributions.length === 1) return routeOf(first);
  const offers = contributions.map(({ offer }) => offer);
  const preferences = offers.flatMap(({ advertisement }) => advertisement.localPref ?? []);
  const metrics = offers.flatMap(({ advertisement }) => advertisement.med ?? []);
  const weights = contributions.flatMap(({ weight }) => weight ?? []);
  const communities = new Map(
    offers
      .flatMap(({ advertisement }) => advertisement.communities)
      .map((community) => [JSON.stringify(community), community]),
  );
  return {
    prefix: first.offer.prefix,
    localPref: preferences.length === 0 ? undefined : Math.max(...preferences),
    communities: [...communities].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, community]) => community),
    med: metrics.length === 0 ? undefined : Math.min(...metrics),
    prepend: Math.min(...offers.map(({ advertisement }) => advertisement.prepend)),
    weight: weights.length === 0 ? undefined : weights.reduce((sum, each) => sum + each, 0),
  };
}

function routeOf({ offer: { prefix, advertisement }, weight }: Contribution): PlannedRoute {
  const { localPref, communities, med, prepend } = advertisement;
  return { prefix, localPref, communities, med, prepend, weight };
}

/** A change to one session's routes; `undefined` takes the prefix back. */
export interface RouteChange {
  readonly peer: string;
  readonly prefix: Prefix;
  readonly route: PlannedRoute | undefined;
}

/** One node's slice of the plan, kept up to date Service by Service. */
export class NodeSlice {
  readonly #view: NodeView;
  readonly #byService = new Map<string, readonly Contribution[]>();
  /** By peer and prefix, the Services' offers of it. */
  readonly #offers = new Map<string, Map<string, Map<string, Contribution[]>>>();

  constructor(view: NodeView, announcements: Iterable<ServiceAnnouncement>) {
    this.#view = view;
    for (const announcement of announcements) this.set(announcement.service, announcement);
  }

  /** Takes one Service's announcement, or that it has none any more; returns what follows for the sessions. */
  set(service: string, announcement: ServiceAnnouncement | undefined): RouteChange[] {
    const none = announcement === undefined || this.#view.excluded !== undefined;
    const before = this.#byService.get(service) ?? [];
    const after = none ? [] : contributions(this.#view, announcement);
    if (before.length === 0 && after.length === 0) return [];
    for (const contribution of before) this.#remove(service, contribution);
    for (const contribution of after) this.#add(service, contribution);
    if (after.length === 0) this.#byService.delete(service);
    else this.#byService.set(service, after);
    const touched = new Map(
      [...before, ...after].map(({ peer, offer }) => [`${peer} ${offer.prefixText}`, { peer, offer }]),
    );
    return [...touched.values()].map(({ peer, offer: { prefix, prefixText } }) => ({
      peer,
      prefix,
      route: this.#route(peer, prefixText),
    }));
  }

  plan(): NodePlan {
    const sessions = [...this.#view.peers.values()].map((peer): [string, SessionPlan] => {
      const routes = new Map<string, PlannedRoute>();
      for (const prefix of this.#offers.get(peer.name)?.keys() ?? []) {
        const route = this.#route(peer.name, prefix);
        if (route !== undefined) routes.set(prefix, route);
      }
      return [peer.name, { peer, routes }];
    });
    return { node: this.#view.name, sessions: new Map(sessions), isLeaving: this.#view.isLeaving };
  }

  #route(peer: string, prefix: string): PlannedRoute | undefined {
    const offers = [...(this.#offers.get(peer)?.get(prefix)?.values() ?? [])].flat();
    return offers.length === 0 ? undefined : combine(offers);
  }

  #add(service: string, contribution: Contribution): void {
    const { peer, offer } = contribution;
    const ofPeer = this.#offers.get(peer) ?? new Map<string, Map<string, Contribution[]>>();
    this.#offers.set(peer, ofPeer);
    const ofPrefix = ofPeer.get(offer.prefixText) ?? new Map<string, Contribution[]>();
    ofPeer.set(offer.prefixText, ofPrefix);
    ofPrefix.set(service, [...(ofPrefix.get(service) ?? []), contribution]);
  }

  #remove(service: string, { peer, offer }: Contribution): void {
    const ofPeer = this.#offers.get(peer);
    const ofPrefix = ofPeer?.get(offer.prefixText);
    ofPrefix?.delete(service);
    if (ofPrefix?.size === 0) ofPeer?.delete(offer.prefixText);
  }
}
