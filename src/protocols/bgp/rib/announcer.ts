import type { AddressFamily } from "../../../net/index.ts";
import { refreshSubtypes } from "../codec/route-refresh.ts";
import type { SpeakerPorts } from "../ports.ts";
import { afis, unicast } from "../session/negotiation.ts";
import type { Session } from "../session/session.ts";
import { AdjRibOut } from "./adj-rib-out.ts";
import type { RouteContext } from "./route-context.ts";
import type { Route, RouteChanges } from "./route.ts";
import { endOfRib } from "./update-packer.ts";

/** What an announcer tells its peer. */
export interface AnnouncerOwner {
  /** An UPDATE has been handed to the transport. */
  progressed(): void;
  /** All that could be sent has been taken by the transport. */
  allSent(): void;
  /** The peer has heard End-of-RIB for all its families. */
  tableSent(): void;
}

/** What one peer is told: its routes, as fast as the transport takes them, and which of them are all. */
export class Announcer {
  readonly #ports: Required<SpeakerPorts>;
  readonly #owner: AnnouncerOwner;
  readonly #rib = new AdjRibOut();
  #session: Session | undefined;
  #context: RouteContext | undefined;
  #isComplete = false;
  #isLeaving = false;
  #pumpRequested = false;
  /** Families whose End-of-RIB (RFC 4724 §2) the peer has yet to hear. */
  readonly #owesEndOfRib = new Set<AddressFamily>();
  /** Families that are being said again between the marks of RFC 7313. */
  readonly #refreshing = new Set<AddressFamily>();

  constructor(ports: Required<SpeakerPorts>, owner: AnnouncerOwner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  replace(routes: Iterable<Route>): void {
    this.#rib.replace(routes);
    this.requestPump();
  }

  change(changes: RouteChanges): void {
    this.#rib.change(changes);
    this.requestPump();
  }

  routes(): Iterable<Route> {
    return this.#rib.routes();
  }

  get counts() {
    return { sent: this.#rib.sent, pending: this.#rib.pending, withheld: this.#rib.withheld };
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The routes are all that there are: End-of-RIB may be said. */
  complete(): void {
    this.#isComplete = true;
    this.requestPump();
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Says all routes again, with or without the wish that others be preferred (RFC 8326). */
  setLeaving(isLeaving: boolean): void {
    if (this.#isLeaving === isLeaving) return;
    this.#isLeaving = isLeaving;
    if (this.#context === undefined) return;
    this.#context = { ...this.#context, isLeaving };
    this.#rib.reword(this.#context);
    this.requestPump();
  }

  attach(session: Session, context: Omit<RouteContext, "isLeaving">): void {
    this.#session = session;
    this.#context = { ...context, isLeaving: this.#isLeaving };
    this.#rib.attach(this.#context);
    const expectsEndOfRib = session.negotiated?.peerCapabilities.some(({ type }) => type === "graceful-restart");
    if (expectsEndOfRib === true) for (const family of context.families) this.#owesEndOfRib.add(family);
    this.requestPump();
  }

  detach(): void {
    this.#session = undefined;
    this.#context = undefined;
    this.#owesEndOfRib.clear();
    this.#refreshing.clear();
    this.#rib.detach();
  }

  /** The peer wants all routes of this family again (RFC 2918 §4). */
  refresh(family: AddressFamily): void {
    const session = this.#session;
    if (session === undefined || this.#context?.families.includes(family) !== true) return;
    // RFC 7313 §4: no mark before End-of-RIB.
    if (session.negotiated?.routeRefresh === "enhanced" && !this.#owesEndOfRib.has(family)) {
      session.sendRouteRefresh(afis[family], unicast, refreshSubtypes.begin);
      this.#refreshing.add(family);
    }
    this.#rib.refresh(family);
    this.requestPump();
  }

  requestPump(): void {
    if (this.#pumpRequested || this.#session === undefined) return;
    this.#pumpRequested = true;
    this.#ports.schedule(() => {
      this.#pumpRequested = false;
      this.#pump();
    });
  }

  /** Sends changes until there are none or the transport wants us to wait; then `drained` goes on. */
  #pump(): void {
    const session = this.#session;
    if (session === undefined || !session.isWritable) return;
    for (let update = this.#rib.next(); update !== undefined; update = this.#rib.next()) {
      this.#owner.progressed();
      if (!session.sendUpdate(update)) return;
    }
    this.#mark(session);
    this.#owner.allSent();
  }

  #mark(session: Session): void {
    for (const family of this.#refreshing) session.sendRouteRefresh(afis[family], unicast, refreshSubtypes.end);
    this.#refreshing.clear();
    if (!this.#isComplete) return;
    for (const family of this.#owesEndOfRib) session.sendUpdate(endOfRib(family));
    this.#owesEndOfRib.clear();
    this.#owner.tableSent();
  }
}
