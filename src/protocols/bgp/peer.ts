import type { AddressFamily } from "../../net/index.ts";
import type { RouteRefreshMessage } from "./codec/messages.ts";
import { cease, isHardReset } from "./codec/notification.ts";
import { refreshSubtypes } from "./codec/route-refresh.ts";
import type { ResolvedPeerConfig } from "./config.ts";
import type { SpeakerPorts } from "./ports.ts";
import type { ReceivedChanges, ReceivedRoute } from "./rib/adj-rib-in.ts";
import { Announcer } from "./rib/announcer.ts";
import { Learner } from "./rib/learner.ts";
import { routeContextOf } from "./rib/route-context.ts";
import type { Route, RouteChanges } from "./rib/route.ts";
import { Departure, type StopOptions } from "./session/departure.ts";
import { Dialler } from "./session/dialler.ts";
import { afis, unicast } from "./session/negotiation.ts";
import { PeerSessions } from "./session/peer-sessions.ts";
import { refuse, type Session } from "./session/session.ts";
import type { NegotiatedRestart, PeerState, PeerStatus, SessionError } from "./status.ts";
import type { Connection } from "./transport.ts";

/**
 * One neighbour: the state machine of RFC 4271 §8 up to the connection (Idle, Connect, Active), its sessions, what it
 * shall be told, and what it has told us. Made by `Speaker.addPeer`.
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
  readonly #sessions: PeerSessions;
  readonly #changeListeners = new Set<(peer: Peer) => void>();
  readonly #receivedListeners = new Set<(changes: ReceivedChanges, peer: Peer) => void>();
  #isStarted = false;
  #isRestarting: boolean;
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
      connected: (connection) => this.#sessions.begin(connection, false, this.#isRestarting),
      failed: (error) => this.#noteError({ code: error.code, message: error.message }),
    });
    this.#announcer = new Announcer(ports, {
      progressed: () => this.#noteChange(),
      allSent: () => this.#departure?.allSent(),
      tableSent: () => (this.#isRestarting = false),
    });
    const tell = (changes: ReceivedChanges) => {
      for (const listener of this.#receivedListeners) listener(changes, this);
    };
    this.#learner = new Learner(ports, config, tell, () => this.#receivedListeners.size > 0);
    this.#sessions = new PeerSessions(ports, config, {
      established: (session) => this.#established(session),
      lost: (session, error) => this.#lost(session, error),
      ended: (error) => this.#sessionEnded(error),
      updated: (update) => this.#learner.updated(update),
      refreshed: (message) => this.#refreshed(message),
      drained: () => this.#announcer.requestPump(),
      gone: () => this.#resolveWhenGone(),
      changed: () => this.#noteChange(),
    });
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
    const { live } = this.#sessions;
    const negotiated = live?.negotiated;
    if (negotiated === undefined || negotiated.routeRefresh === "none") return false;
    if (!negotiated.families.includes(family)) return false;
    live?.sendRouteRefresh(afis[family], unicast, refreshSubtypes.request);
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
    const session = this.#sessions.foremost;
    if (session !== undefined && session.state !== "ended") return session.state;
    if (this.#dialler.isConnecting) return "connect";
    return this.#isStarted ? "active" : "idle";
  }

  get status(): PeerStatus {
    const session = this.#sessions.foremost;
    const negotiated = session?.negotiated;
    const learner = this.#learner;
    return {
      name: this.name,
      state: this.state,
      stateSince: this.#stateSince,
      ...(session === undefined ? {} : { local: session.connection.local, remote: session.connection.remote }),
      ...(negotiated === undefined ? {} : { negotiated }),
      messagesSent: { ...this.#sessions.traffic.sent },
      messagesReceived: { ...this.#sessions.traffic.received },
      bytesSent: this.#sessions.traffic.bytesSent,
      bytesReceived: this.#sessions.traffic.bytesReceived,
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
    const { unavailable, passive } = this.config;
    if (unavailable !== undefined) this.#noteError({ code: "transport.address-not-available", message: unavailable });
    else if (!passive) this.#dialler.dial();
    this.#noteChange();
  }

  /** A connection has come in from this peer's address. The speaker calls it. */
  accept(connection: Connection): void {
    if (!this.#isStarted || !this.config.accepts || this.config.unavailable !== undefined) {
      return refuse(connection, cease.connectionRejected, this.#ports.clock);
    }
    return this.#sessions.accept(connection, this.#isRestarting);
  }

  /** ManualStop. Ends when all connections are closed; an aborted `signal` makes it close at once. For good. */
  stop(options: StopOptions = {}, signal?: AbortSignal): Promise<void> {
    if (this.#departure !== undefined) return this.#departure.gone;
    this.#isStarted = false;
    this.#dialler.stop();
    const departure = new Departure(this.#ports, options, () => this.#leave());
    this.#sessions.closeUnestablished(departure.notification);
    const drains =
      this.#sessions.live !== undefined &&
      options.drainMs !== undefined &&
      options.silently !== true &&
      signal?.aborted !== true;
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

  #established(session: Session): void {
    this.#dialler.stop();
    this.#dialler.reset();
    const { negotiated } = session;
    if (negotiated === undefined) return;
    this.#timesEstablished += 1;
    this.#learner.attach(negotiated);
    this.#announcer.attach(session, routeContextOf(session, this.config));
    this.#noteChange();
  }

  #refreshed({ afi, safi, subtype }: RouteRefreshMessage): void {
    const family = afi === afis[4] ? 4 : afi === afis[6] ? 6 : undefined;
    if (family === undefined || safi !== unicast) return; // RFC 2918 §4: a family that was not agreed on is ignored
    if (subtype === refreshSubtypes.request) this.#announcer.refresh(family);
    else if (subtype === refreshSubtypes.begin) this.#learner.refreshBegins(family);
    else if (subtype === refreshSubtypes.end) this.#learner.refreshEnds(family);
  }

  #lost(session: Session, error: SessionError | undefined): void {
    this.#announcer.detach();
    const { gracefulRestart } = session.negotiated ?? {};
    const restart = error === undefined ? gracefulRestart : restartAfter(error, gracefulRestart);
    this.#learner.detach(this.#departure === undefined ? restart : undefined);
  }

  #sessionEnded(error: SessionError): void {
    // While another session lives, this one has most likely lost a collision.
    if (this.#sessions.isEmpty) this.#noteError(error);
    if (this.#departure !== undefined) {
      if (this.#sessions.live === undefined) this.#leave();
    } else if (this.#isStarted && !this.config.passive && !this.#sessions.isGettingOn) this.#dialler.dialLater();
    this.#noteChange();
  }

  #leave(): void {
    const departure = this.#departure;
    if (departure === undefined) return;
    departure.cancelWait();
    this.#learner.stop();
    this.#sessions.leave(departure.notification);
    this.#resolveWhenGone();
  }

  #resolveWhenGone(): void {
    if (this.#sessions.allGone) this.#departure?.connectionsClosed();
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
