import type { AddressFamily } from "../../net/index.ts";
import { Announcer } from "./announcer.ts";
import type { ReceivedChanges, ReceivedRoute } from "./adj-rib-in.ts";
import { loserOf } from "./collision.ts";
import type { ResolvedPeerConfig } from "./config.ts";
import { Departure, type StopOptions } from "./departure.ts";
import { Dialler } from "./dialler.ts";
import { Learner } from "./learner.ts";
import type { RouteRefreshMessage } from "./messages.ts";
import { afis, unicast } from "./negotiation.ts";
import { cease, isHardReset } from "./notification.ts";
import type { RouteContext } from "./path-attributes.ts";
import type { SpeakerPorts } from "./ports.ts";
import { refreshSubtypes } from "./route-refresh.ts";
import type { Route, RouteChanges } from "./route.ts";
import { refuse, Session, type SessionOwner } from "./session.ts";
import type { NegotiatedRestart, PeerState, PeerStatus, SessionError } from "./status.ts";
import { TrafficCounters } from "./traffic-counters.ts";
import type { Connection } from "./transport.ts";

/**
 * One neighbour: the state machine of RFC 4271 §8 up to the connection (Idle, Connect, Active), its sessions (two for a
 * moment, while connections collide), and what it shall be told. Made by `Speaker.addPeer`.
 *
 * Where the RFC goes back to Idle after an error, to be started again automatically after a while (§8.1.1), this peer
 * waits that while in Active, so that it can accept a connection at once when the other side is quicker.
 */
export class Peer {
  readonly config: ResolvedPeerConfig;
  readonly #ports: Required<SpeakerPorts>;
  readonly #dialler: Dialler;
  readonly #announcer: Announcer;
  readonly #learner: Learner;
  readonly #traffic = new TrafficCounters();
  readonly #owner: SessionOwner;
  readonly #sessions = new Set<Session>();
  /** Sessions that are over, but whose connections have not closed yet. */
  readonly #leaving = new Set<Session>();
  readonly #changeListeners = new Set<(peer: Peer) => void>();
  readonly #receivedListeners = new Set<(changes: ReceivedChanges, peer: Peer) => void>();
  #isStarted = false;
  #isRestarting: boolean;
  #live: Session | undefined;
  #departure: Departure | undefined;
  #notifyRequested = false;
  #knownState: PeerState = "idle";
  #stateSince: number;
  #lastError: PeerStatus["lastError"];
  #timesEstablished = 0;

  /** `restarting`: whether the peer may hold routes of one whose place we take. */
  constructor(ports: Required<SpeakerPorts>, config: ResolvedPeerConfig, restarting: boolean) {
    this.config = config;
    this.#ports = ports;
    this.#isRestarting = restarting;
    this.#stateSince = ports.clock.now();
    this.#dialler = new Dialler(ports, config, {
      connected: (connection) => this.#startSession(connection, false),
      failed: (error) => this.#noteError({ code: error.code, message: error.message }),
    });
    this.#announcer = new Announcer(ports, {
      progressed: () => this.#noteChange(),
      allSent: () => this.#departure?.allSent(),
      tableSent: () => (this.#isRestarting = false),
    });
    this.#learner = new Learner(ports, config, (changes) => {
      for (const listener of this.#receivedListeners) listener(changes, this);
    });
    this.#owner = {
      opened: (session) => this.#resolveCollisions(session),
      established: (session) => this.#established(session),
      updated: (_, update) => this.#learner.updated(update),
      refreshed: (_, message) => this.#refreshed(message),
      drained: () => this.#announcer.requestPump(),
      ended: (session, error) => this.#sessionEnded(session, error),
      gone: (session) => this.#sessionGone(session),
    };
  }

  get name(): string {
    return this.config.name;
  }

  /** Makes `routes` all that this peer shall have. What changed goes out at the end of this turn of the event loop. */
  setRoutes(routes: Iterable<Route>): void {
    if (this.#departure === undefined) this.#announcer.replace(routes);
  }

  /** As `setRoutes`, by difference. What is both withdrawn and announced stays announced. */
  changeRoutes(changes: RouteChanges): void {
    if (this.#departure === undefined) this.#announcer.change(changes);
  }

  /** What this peer shall have. */
  routes(): Iterable<Route> {
    return this.#announcer.routes();
  }

  /**
   * The routes set are all that there are: from now on the peer hears End-of-RIB once it has them, and drops what it kept
   * of before our restart (RFC 4724 §4.1). To be called when the first whole set is in, never before.
   */
  tableComplete(): void {
    if (this.#departure === undefined) this.#announcer.complete();
  }

  get isTableComplete(): boolean {
    return this.#announcer.isComplete;
  }

  /** Whether the peer may still hold routes of before our restart: it has not had our End-of-RIB. */
  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** Asks the peer to prefer other paths than ours, as before maintenance (RFC 8326), or no longer. */
  setGracefulShutdown(isLeaving: boolean): void {
    if (this.#departure === undefined) this.#announcer.setLeaving(isLeaving);
  }

  /** Asks the peer for all its routes of one family again; false if there is no session or the peer cannot (RFC 2918). */
  requestRefresh(family: AddressFamily): boolean {
    const negotiated = this.#live?.negotiated;
    if (negotiated === undefined || negotiated.routeRefresh === "none") return false;
    if (!negotiated.families.includes(family)) return false;
    this.#live?.sendRouteRefresh(afis[family], unicast, refreshSubtypes.request);
    return true;
  }

  /** What the peer has announced, also what is kept while it restarts; nothing unless `inbound` is "keep". */
  receivedRoutes(): Iterable<ReceivedRoute> {
    return this.#learner.routes();
  }

  /**
   * Calls `listener` when the state, the last error or the number of prefixes sent has changed, once for all changes of
   * one turn of the event loop. Returns how to stop it.
   */
  onChange(listener: (peer: Peer) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /**
   * Calls `listener` with what each UPDATE from the peer changes, and with routes that were kept over a restart and go
   * because the peer has not announced them again. That a session's end takes its routes is told by `onChange` alone.
   * Returns how to stop it.
   */
  onReceived(listener: (changes: ReceivedChanges, peer: Peer) => void): () => void {
    this.#receivedListeners.add(listener);
    return () => void this.#receivedListeners.delete(listener);
  }

  get state(): PeerState {
    const session = this.#foremost();
    if (session !== undefined && session.state !== "ended") return session.state;
    if (this.#dialler.isConnecting) return "connect";
    return this.#isStarted ? "active" : "idle";
  }

  get status(): PeerStatus {
    const session = this.#foremost();
    const negotiated = session?.negotiated;
    const learner = this.#learner;
    return {
      name: this.name,
      state: this.state,
      stateSince: this.#stateSince,
      ...(session === undefined ? {} : { local: session.connection.local, remote: session.connection.remote }),
      ...(negotiated === undefined ? {} : { negotiated }),
      messagesSent: { ...this.#traffic.sent },
      messagesReceived: { ...this.#traffic.received },
      bytesSent: this.#traffic.bytesSent,
      bytesReceived: this.#traffic.bytesReceived,
      prefixes: { ...this.#announcer.counts, received: learner.counts, stale: learner.staleCount },
      faults: learner.faults,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      connectAttempts: this.#dialler.attempts,
      timesEstablished: this.#timesEstablished,
    };
  }

  /** ManualStart (RFC 4271 §8.1.2). The speaker calls it. */
  start(): void {
    if (this.#isStarted || this.#departure !== undefined) return;
    this.#isStarted = true;
    if (!this.config.passive) this.#dialler.dial();
    this.#noteChange();
  }

  /** A connection has come in from this peer's address. The speaker calls it. */
  accept(connection: Connection): void {
    if (!this.#isStarted || !this.config.accepts)
      return refuse(connection, cease.connectionRejected, this.#ports.clock);
    // With graceful restart the peer may have lost the session that we still believe in (RFC 4724 §5).
    const mayReplace = this.#live?.negotiated?.gracefulRestart !== undefined;
    if (this.#live !== undefined && !mayReplace) {
      return refuse(connection, cease.connectionCollisionResolution, this.#ports.clock);
    }
    for (const session of this.#sessions) {
      // The other side has given it up, or floods us.
      if (session.incoming && session !== this.#live) this.#dismiss(session);
    }
    return this.#startSession(connection, true);
  }

  /** ManualStop. Ends when all connections are closed; an aborted `signal` makes it close at once. For good. */
  stop(options: StopOptions = {}, signal?: AbortSignal): Promise<void> {
    if (this.#departure !== undefined) return this.#departure.gone;
    this.#isStarted = false;
    this.#dialler.stop();
    const departure = new Departure(this.#ports, options, () => this.#leave());
    for (const session of this.#sessions) {
      if (session !== this.#live) session.close(departure.notification);
    }
    const drains = this.#live !== undefined && options.drainMs !== undefined && signal?.aborted !== true;
    if (drains && options.gracefulShutdown === true) this.#announcer.setLeaving(true);
    else if (drains) this.#announcer.replace([]);
    this.#departure = departure;
    if (drains) {
      signal?.addEventListener("abort", () => this.#leave(), { once: true });
      this.#announcer.requestPump();
    } else this.#leave();
    this.#noteChange();
    return departure.gone;
  }

  #startSession(connection: Connection, incoming: boolean): void {
    const source = { connection, incoming, restarting: this.#isRestarting };
    const session = new Session(this.#ports, this.config, this.#owner, this.#traffic, source);
    this.#sessions.add(session);
    session.start();
    this.#noteChange();
  }

  /** RFC 4271 §6.8. Sessions without an OPEN from the peer wait: theirs may never come. */
  #resolveCollisions(newcomer: Session): void {
    for (const other of this.#sessions) {
      if (other === newcomer || other.state === "open-sent") continue;
      const loser = loserOf(newcomer, other, this.config);
      this.#dismiss(loser);
      if (loser === newcomer) return;
    }
    this.#noteChange();
  }

  /** Ends a session that another one replaces. */
  #dismiss(session: Session): void {
    this.#sessions.delete(session);
    this.#leaving.add(session);
    if (session === this.#live) {
      this.#detach(session.negotiated?.gracefulRestart);
      session.abandon();
    } else session.close({ code: 6, subcode: cease.connectionCollisionResolution, data: new Uint8Array() });
  }

  #established(session: Session): void {
    this.#dialler.stop();
    this.#dialler.reset();
    for (const other of this.#sessions) {
      if (other !== session) this.#dismiss(other);
    }
    const { negotiated } = session;
    if (negotiated === undefined) return;
    this.#live = session;
    this.#timesEstablished += 1;
    this.#learner.attach(negotiated);
    this.#announcer.attach(session, this.#routeContext(session));
    this.#noteChange();
  }

  #routeContext(session: Session): Omit<RouteContext, "isLeaving"> {
    const { address } = session.connection.local;
    const context = session.codecContext;
    const nextHopOf = (family: AddressFamily) => {
      const suits = address.family === family || (family === 4 && context.extendedNextHop === true);
      return this.config.nextHops[family] ?? (suits ? address : undefined);
    };
    const [nextHop4, nextHop6] = [nextHopOf(4), nextHopOf(6)];
    return {
      ...context,
      internal: context.internal ?? false,
      families: session.negotiated?.families ?? [],
      localAsn: this.config.localAsn,
      nextHops: {
        ...(nextHop4 === undefined ? {} : { 4: nextHop4 }),
        ...(nextHop6 === undefined ? {} : { 6: nextHop6 }),
      },
    };
  }

  #refreshed({ afi, safi, subtype }: RouteRefreshMessage): void {
    const family = afi === afis[4] ? 4 : afi === afis[6] ? 6 : undefined;
    if (family === undefined || safi !== unicast) return; // RFC 2918 §4: a family that was not agreed on is ignored
    if (subtype === refreshSubtypes.request) this.#announcer.refresh(family);
    else if (subtype === refreshSubtypes.begin) this.#learner.refreshBegins(family);
    else if (subtype === refreshSubtypes.end) this.#learner.refreshEnds(family);
  }

  #sessionEnded(session: Session, error: SessionError): void {
    if (!this.#sessions.delete(session)) return; // dismissed
    this.#leaving.add(session);
    if (session === this.#live) this.#detach(restartAfter(error, session.negotiated?.gracefulRestart));
    // While another session lives, this one has most likely lost a collision.
    if (this.#sessions.size === 0) this.#noteError(error);
    if (this.#departure !== undefined) this.#leave();
    else if (!this.config.passive && !this.#isGettingOn()) this.#dialler.dialLater();
    this.#noteChange();
  }

  #detach(restart: NegotiatedRestart | undefined): void {
    this.#live = undefined;
    this.#announcer.detach();
    this.#learner.detach(this.#departure === undefined ? restart : undefined);
  }

  /** Whether a session is under way that is more than a connection from outside that has said nothing yet. */
  #isGettingOn(): boolean {
    return [...this.#sessions].some((session) => !session.incoming || session.state !== "open-sent");
  }

  #sessionGone(session: Session): void {
    this.#leaving.delete(session);
    if (this.#departure !== undefined) this.#resolveWhenGone(this.#departure);
  }

  #leave(): void {
    const departure = this.#departure;
    if (departure === undefined) return;
    departure.cancelWait();
    this.#learner.stop();
    for (const session of this.#sessions) session.leave(departure.notification);
    this.#resolveWhenGone(departure);
  }

  #resolveWhenGone(departure: Departure): void {
    if (this.#sessions.size === 0 && this.#leaving.size === 0) departure.connectionsClosed();
  }

  /** The one that is furthest. */
  #foremost(): Session | undefined {
    const sessions = [...this.#sessions];
    return this.#live ?? sessions.find((session) => session.state === "open-confirm") ?? sessions[0];
  }

  #noteError(error: SessionError): void {
    this.#lastError = { ...error, at: this.#ports.clock.now() };
    this.#noteChange();
  }

  #noteChange(): void {
    const { state } = this;
    if (state !== this.#knownState) {
      this.#knownState = state;
      this.#stateSince = this.#ports.clock.now();
    }
    if (this.#notifyRequested) return;
    this.#notifyRequested = true;
    this.#ports.schedule(() => {
      this.#notifyRequested = false;
      for (const listener of this.#changeListeners) listener(this);
    });
  }
}

/** Whether a session that ended so is believed to come back with what it had: what was negotiated, or nothing. */
function restartAfter(error: SessionError, restart: NegotiatedRestart | undefined): NegotiatedRestart | undefined {
  if (error.code !== "notification.sent" && error.code !== "notification.received") return restart;
  return restart?.notifications === true && !isHardReset(error.notification) ? restart : undefined;
}
