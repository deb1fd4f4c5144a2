import type { Timer } from "../clock/index.ts";
import type { AddressFamily } from "../../net/index.ts";
import { AdjRibIn, changesOf, type ReceivedChanges, type ReceivedRoute } from "./adj-rib-in.ts";
import { AdjRibOut } from "./adj-rib-out.ts";
import { loserOf } from "./collision.ts";
import type { ResolvedPeerConfig } from "./config.ts";
import { Dialler } from "./dialler.ts";
import type { UpdateMessage } from "./messages.ts";
import { cease } from "./notification.ts";
import type { RouteContext } from "./path-attributes.ts";
import type { SpeakerPorts } from "./ports.ts";
import type { Route, RouteChanges } from "./route.ts";
import { refuse, Session, type SessionOwner } from "./session.ts";
import type { Negotiated, PeerState, PeerStatus, SessionError } from "./status.ts";
import { TrafficCounters } from "./traffic-counters.ts";
import type { Connection } from "./transport.ts";

/** How a peer is taken leave of. */
export interface StopOptions {
  /** Subcode of the Cease (RFC 4486). Default Administrative Shutdown. */
  readonly ceaseSubcode?: number;
  /**
   * Withdraw all routes first, and wait so many ms from when the transport has taken that until closing, for the peer to
   * move its traffic. Default: close at once, which withdraws as well, if less gently.
   */
  readonly drainMs?: number;
}

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
  readonly #ribOut = new AdjRibOut();
  readonly #ribIn: AdjRibIn;
  readonly #traffic = new TrafficCounters();
  readonly #owner: SessionOwner;
  readonly #sessions = new Set<Session>();
  /** Sessions that are over, but whose connections have not closed yet. */
  readonly #leaving = new Set<Session>();
  readonly #changeListeners = new Set<(peer: Peer) => void>();
  readonly #receivedListeners = new Set<(changes: ReceivedChanges, peer: Peer) => void>();
  #isStarted = false;
  #live: Session | undefined;
  #departure: Departure | undefined;
  #pumpRequested = false;
  #notifyRequested = false;
  #knownState: PeerState = "idle";
  #stateSince: number;
  #lastError: PeerStatus["lastError"];
  #timesEstablished = 0;

  constructor(ports: Required<SpeakerPorts>, config: ResolvedPeerConfig) {
    this.config = config;
    this.#ports = ports;
    this.#ribIn = new AdjRibIn(config.inbound === "keep");
    this.#stateSince = ports.clock.now();
    this.#dialler = new Dialler(ports, config, {
      connected: (connection) => this.#startSession(connection, false),
      failed: (error) => this.#noteError({ code: error.code, message: error.message }),
    });
    this.#owner = {
      opened: (session) => this.#resolveCollisions(session),
      established: (session) => this.#established(session),
      updated: (_, update) => this.#updated(update),
      drained: () => this.#requestPump(),
      ended: (session, error) => this.#sessionEnded(session, error),
      gone: (session) => this.#sessionGone(session),
    };
  }

  get name(): string {
    return this.config.name;
  }

  /** Makes `routes` all that this peer shall have. What changed goes out at the end of this turn of the event loop. */
  setRoutes(routes: Iterable<Route>): void {
    if (this.#departure !== undefined) return;
    this.#ribOut.replace(routes);
    this.#requestPump();
  }

  /** As `setRoutes`, by difference. What is both withdrawn and announced stays announced. */
  changeRoutes(changes: RouteChanges): void {
    if (this.#departure !== undefined) return;
    this.#ribOut.change(changes);
    this.#requestPump();
  }

  /** What this peer shall have. */
  routes(): Iterable<Route> {
    return this.#ribOut.routes();
  }

  /** What the peer has announced in this session; nothing unless `inbound` is "keep". */
  receivedRoutes(): Iterable<ReceivedRoute> {
    return this.#ribIn.routes();
  }

  /**
   * Calls `listener` when the state, the last error or the number of prefixes sent has changed, once for all changes of
   * one turn of the event loop. Returns how to stop it.
   */
  onChange(listener: (peer: Peer) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Calls `listener` with what each UPDATE from the peer changes. Returns how to stop it. */
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
      prefixes: {
        sent: this.#ribOut.sent,
        pending: this.#ribOut.pending,
        withheld: this.#ribOut.withheld,
        received: { announced: this.#ribIn.announced, withdrawn: this.#ribIn.withdrawn },
      },
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
    if (!this.#isStarted) return refuse(connection, cease.connectionRejected, this.#ports.clock);
    if (this.#live !== undefined) return refuse(connection, cease.connectionCollisionResolution, this.#ports.clock);
    for (const session of this.#sessions) {
      if (session.incoming) this.#dismiss(session); // the other side has given it up, or floods us
    }
    return this.#startSession(connection, true);
  }

  /** ManualStop. Ends when all connections are closed; an aborted `signal` makes it close at once. For good. */
  stop(options: StopOptions = {}, signal?: AbortSignal): Promise<void> {
    if (this.#departure !== undefined) return this.#departure.gone.promise;
    this.#isStarted = false;
    this.#dialler.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const ceaseSubcode = options.ceaseSubcode ?? cease.administrativeShutdown;
    this.#departure = { ceaseSubcode, drainMs: options.drainMs ?? 0, gone: { promise, resolve }, drain: undefined };
    for (const session of this.#sessions) {
      if (session !== this.#live) session.close({ code: 6, subcode: ceaseSubcode, data: noData });
    }
    if (this.#live === undefined || options.drainMs === undefined || signal?.aborted === true) this.#leave();
    else {
      signal?.addEventListener("abort", () => this.#leave(), { once: true });
      this.#ribOut.replace([]);
      this.#requestPump();
    }
    this.#noteChange();
    return promise;
  }

  #startSession(connection: Connection, incoming: boolean): void {
    const session = new Session(this.#ports, this.config, this.#owner, this.#traffic, { connection, incoming });
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
    session.close({ code: 6, subcode: cease.connectionCollisionResolution, data: noData });
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
    this.#ribOut.attach(this.#routeContext(session.connection, negotiated));
    this.#requestPump();
    this.#noteChange();
  }

  #routeContext(connection: Connection, negotiated: Negotiated): RouteContext {
    const { address } = connection.local;
    const nextHopOf = (family: AddressFamily) =>
      this.config.nextHops[family] ?? (address.family === family ? address : undefined);
    const [nextHop4, nextHop6] = [nextHopOf(4), nextHopOf(6)];
    return {
      fourOctetAs: negotiated.fourOctetAs,
      internal: negotiated.internal,
      families: negotiated.families,
      localAsn: this.config.localAsn,
      nextHops: {
        ...(nextHop4 === undefined ? {} : { 4: nextHop4 }),
        ...(nextHop6 === undefined ? {} : { 6: nextHop6 }),
      },
    };
  }

  #updated(update: UpdateMessage): void {
    const changes = changesOf(update);
    this.#ribIn.apply(changes);
    for (const listener of this.#receivedListeners) listener(changes, this);
  }

  #sessionEnded(session: Session, error: SessionError): void {
    if (!this.#sessions.delete(session)) return; // dismissed
    this.#leaving.add(session);
    if (session === this.#live) {
      this.#live = undefined;
      this.#ribOut.detach();
      this.#ribIn.clear();
    }
    // While another session lives, this one has most likely lost a collision.
    if (this.#sessions.size === 0) this.#noteError(error);
    if (this.#departure !== undefined) this.#leave();
    else if (!this.config.passive && !this.#isGettingOn()) this.#dialler.dialLater();
    this.#noteChange();
  }

  /** Whether a session is under way that is more than a connection from outside that has said nothing yet. */
  #isGettingOn(): boolean {
    return [...this.#sessions].some((session) => !session.incoming || session.state !== "open-sent");
  }

  #sessionGone(session: Session): void {
    this.#leaving.delete(session);
    if (this.#departure !== undefined) this.#resolveWhenGone(this.#departure);
  }

  #requestPump(): void {
    if (this.#pumpRequested || this.#live === undefined) return;
    this.#pumpRequested = true;
    this.#ports.schedule(() => {
      this.#pumpRequested = false;
      this.#pump();
    });
  }

  /** Sends changes until there are none or the transport wants us to wait; then `drained` goes on. */
  #pump(): void {
    const session = this.#live;
    if (session === undefined || !session.isWritable) return;
    for (let update = this.#ribOut.next(); update !== undefined; update = this.#ribOut.next()) {
      this.#noteChange();
      if (!session.sendUpdate(update)) return;
    }
    const departure = this.#departure;
    if (departure !== undefined) departure.drain ??= this.#ports.clock.setTimer(departure.drainMs, () => this.#leave());
  }

  #leave(): void {
    const departure = this.#departure;
    if (departure === undefined) return;
    departure.drain?.cancel();
    for (const session of this.#sessions) session.close({ code: 6, subcode: departure.ceaseSubcode, data: noData });
    this.#resolveWhenGone(departure);
  }

  #resolveWhenGone(departure: Departure): void {
    if (this.#sessions.size === 0 && this.#leaving.size === 0) departure.gone.resolve();
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

interface Departure {
  readonly ceaseSubcode: number;
  readonly drainMs: number;
  readonly gone: { readonly promise: Promise<void>; readonly resolve: () => void };
  drain: Timer | undefined;
}

const noData = new Uint8Array();
