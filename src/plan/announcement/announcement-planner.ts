import { formatPrefix } from "../../net/index.ts";
import { keyOf, type EndpointSlice, type Node, type Service } from "../../kubernetes/resources/index.ts";
import type { Configuration } from "../configuration/configuration.ts";
import type { AnnouncementReason } from "../reason.ts";
import { summarizeEndpoints } from "./local-endpoints.ts";
import { viewOf, type NodeView } from "./node-view.ts";
import { announcementOf, type ServiceAnnouncement } from "./service-announcement.ts";

export interface AnnouncementOptions {
  readonly loadBalancerClass?: string | undefined;
}

/**
 * Decides what is announced for each Service, and keeps it until something that it read has changed. What one node
 * does of it is a slice: see `NodeSlice`.
 */
export class AnnouncementPlanner {
  readonly #options: AnnouncementOptions;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, readonly EndpointSlice[]>();
  readonly #nodes = new Map<string, Node>();
  readonly #views = new Map<string, NodeView>();
  readonly #announcements = new Map<string, ServiceAnnouncement>();
  #configuration: Configuration | undefined;

  constructor(options: AnnouncementOptions = {}) {
    this.#options = options;
  }

  get configuration(): Configuration | undefined {
    return this.#configuration;
  }

  /** With `undefined`, while there has been no valid configuration, nothing is announced. */
  setConfiguration(configuration: Configuration | undefined): void {
    this.#configuration = configuration;
    this.#views.clear();
    this.#announcements.clear();
    for (const node of this.#nodes.values()) this.#view(node);
    for (const key of this.#services.keys()) this.#announce(key);
  }

  setNode(node: Node): void {
    this.#nodes.set(node.metadata.name, node);
    this.#view(node);
  }

  deleteNode(name: string): void {
    this.#nodes.delete(name);
    this.#views.delete(name);
  }

  setService(service: Service): void {
    this.#services.set(keyOf(service), service);
    this.#announce(keyOf(service));
  }

  deleteService(key: string): void {
    this.#services.delete(key);
    this.#announcements.delete(key);
  }

  /** All the endpoint slices of one Service. */
  setEndpoints(service: string, slices: readonly EndpointSlice[]): void {
    if (slices.length === 0) this.#slices.delete(service);
    else this.#slices.set(service, slices);
    this.#announce(service);
  }

  announcement(service: string): ServiceAnnouncement | undefined {
    return this.#announcements.get(service);
  }

  announcements(): IterableIterator<ServiceAnnouncement> {
    return this.#announcements.values();
  }

  view(node: string): NodeView | undefined {
    return this.#views.get(node);
  }

  /** Why a node announces a Service to whom, or why not: one reason for each thing to say. */
  explain(service: string, node: string): readonly AnnouncementReason[] {
    const announcement = this.#announcements.get(service);
    const view = this.#views.get(node);
    if (announcement === undefined || view === undefined) return [{ code: "service.noAddress" }];
    if (announcement.offers.length === 0) return announcement.reasons;
    if (view.excluded !== undefined) return [view.excluded];
    if (announcement.onlyNodes?.has(node) === false) return [{ code: "node.excluded.noLocalEndpoint" }];
    return [
      ...announcement.reasons,
      ...(view.isLeaving ? [{ code: "node.leaving" } as const] : []),
      ...announcement.offers.flatMap(({ advertisement, prefix }) => {
        const targets = view.targets.get(advertisement.name);
        if (targets === undefined)
          return [{ code: "node.excluded.advertisement", advertisement: advertisement.name } as const];
        return [...(this.#configuration?.peers.keys() ?? [])].map((peer): AnnouncementReason => {
          if (!view.peers.has(peer)) return { code: "peer.excluded.node", peer };
          return targets.includes(peer)
            ? { code: "node.announces", advertisement: advertisement.name, peer, prefix: formatPrefix(prefix) }
            : { code: "peer.excluded.advertisement", peer, advertisement: advertisement.name };
        });
      }),
    ];
  }

  #view(node: Node): void {
    if (this.#configuration !== undefined) this.#views.set(node.metadata.name, viewOf(node, this.#configuration));
  }

  #announce(key: string): void {
    const service = this.#services.get(key);
    if (service === undefined || this.#configuration === undefined) return;
    const endpoints = summarizeEndpoints(this.#slices.get(key) ?? []);
    const { loadBalancerClass } = this.#options;
    this.#announcements.set(key, announcementOf(service, endpoints, this.#configuration, loadBalancerClass));
  }
}
