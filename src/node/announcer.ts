import { keyOf, type EndpointSlice, type Node, type Service } from "../kubernetes/resources/index.ts";
import {
  AnnouncementPlanner,
  NodeSlice,
  type AnnouncementOptions,
  type Configuration,
  type NodePlan,
} from "../plan/index.ts";
import type { BgpReconciler } from "./bgp/index.ts";

/** Keeps this node's slice of the plan up to what the caches say, and the sessions up to the slice. */
export class Announcer {
  readonly #nodeName: string;
  readonly #planner: AnnouncementPlanner;
  #bgp: BgpReconciler | undefined;
  #slice: NodeSlice | undefined;

  constructor(nodeName: string, options: AnnouncementOptions) {
    this.#nodeName = nodeName;
    this.#planner = new AnnouncementPlanner(options);
  }

  /** Announces from now on; until then it only takes notice. */
  start(bgp: BgpReconciler): void {
    this.#bgp = bgp;
    this.#replan();
  }

  /** What is to be announced now; undefined before anything is. */
  get plan(): NodePlan | undefined {
    return this.#slice?.plan();
  }

  get configuration(): Configuration | undefined {
    return this.#planner.configuration;
  }

  setConfiguration(configuration: Configuration | undefined): void {
    this.#planner.setConfiguration(configuration);
    this.#replan();
  }

  /** This machine's Node; most of its changes (heartbeats) change nothing here. */
  setNode(node: Node): void {
    const before = this.#essence();
    this.#planner.setNode(node);
    if (before !== this.#essence()) this.#replan();
  }

  setServices(present: readonly Service[], deleted: readonly string[]): void {
    for (const key of deleted) this.#planner.deleteService(key);
    for (const service of present) this.#planner.setService(service);
    this.#change([...deleted, ...present.map(keyOf)]);
  }

  /** All the endpoint slices of each of these Services. */
  setEndpoints(endpoints: ReadonlyMap<string, readonly EndpointSlice[]>): void {
    for (const [service, slices] of endpoints) this.#planner.setEndpoints(service, slices);
    this.#change(endpoints.keys());
  }

  #change(services: Iterable<string>): void {
    for (const key of services) this.#bgp?.change(this.#slice?.set(key, this.#planner.announcement(key)) ?? []);
  }

  #replan(): void {
    const view = this.#planner.view(this.#nodeName);
    if (this.#bgp === undefined || view === undefined) return;
    this.#slice = new NodeSlice(view, this.#planner.announcements());
    this.#bgp.apply(this.#slice.plan());
  }

  #essence(): string | undefined {
    const view = this.#planner.view(this.#nodeName);
    return view && JSON.stringify([view.excluded, view.isLeaving, [...view.peers.keys()], [...view.targets]]);
  }
}
