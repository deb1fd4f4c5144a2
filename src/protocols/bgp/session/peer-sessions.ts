import type { NotificationMessage, RouteRefreshMessage, UpdateMessage } from "../codec/messages.ts";
import { cease } from "../codec/notification.ts";
import type { ResolvedPeerConfig } from "../config.ts";
import type { SpeakerPorts } from "../ports.ts";
import type { SessionError } from "../status.ts";
import type { Connection } from "../transport.ts";
import { loserOf } from "./collision.ts";
import { refuse, Session, type SessionOwner } from "./session.ts";
import { TrafficCounters } from "./traffic-counters.ts";

/** What a peer hears of its sessions. */
export interface PeerSessionsOwner {
  /** This session is the one now. */
  established(session: Session): void;
  /** The established session is over: by `error`, or because the peer has opened another in its place. */
  lost(session: Session, error: SessionError | undefined): void;
  /** A session has ended, after `lost` if it was the established one. */
  ended(error: SessionError): void;
  updated(update: UpdateMessage): void;
  refreshed(message: RouteRefreshMessage): void;
  /** There is room again after `sendUpdate` returned false. */
  drained(): void;
  /** A connection has closed. */
  gone(): void;
  /** Sessions have come or gone, or are in another state. */
  changed(): void;
}

/**
 * The sessions with one neighbour: two for a moment, while connections collide (RFC 4271 §6.8), of which one is
 * established in the end; and those that are over, but whose connections have not closed yet.
 */
export class PeerSessions {
  readonly traffic = new TrafficCounters();
  readonly #ports: Required<SpeakerPorts>;
  readonly #config: ResolvedPeerConfig;
  readonly #owner: PeerSessionsOwner;
  readonly #sessionOwner: SessionOwner;
  readonly #sessions = new Set<Session>();
  readonly #leaving = new Set<Session>();
  #live: Session | undefined;

  constructor(ports: Required<SpeakerPorts>, config: ResolvedPeerConfig, owner: PeerSessionsOwner) {
    this.#ports = ports;
    this.#config = config;
    this.#owner = owner;
    this.#sessionOwner = {
      opened: (session) => this.#resolveCollisions(session),
      established: (session) => this.#established(session),
      updated: (_, update) => owner.updated(update),
      refreshed: (_, message) => owner.refreshed(message),
      drained: () => owner.drained(),
      ended: (session, error) => this.#ended(session, error),
      gone: (session) => {
        this.#leaving.delete(session);
        owner.gone();
      },
    };
  }

  /** The established one. */
  get live(): Session | undefined {
    return this.#live;
  }

  /** The one that is furthest. */
  get foremost(): Session | undefined {
    const sessions = [...this.#sessions];
    return this.#live ?? sessions.find((session) => session.state === "open-confirm") ?? sessions[0];
  }

  /** Whether there is none, but for such as are over. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** Whether all connections are closed. */
  get allGone(): boolean {
    return this.isEmpty && this.#leaving.size === 0;
  }

  /** Whether a session is under way that is more than a connection from outside that has said nothing yet. */
  get isGettingOn(): boolean {
    return [...this.#sessions].some((session) => !session.incoming || session.state !== "open-sent");
  }

  /** Sends our OPEN on a connection. `restarting`: says that we have restarted (RFC 4724 §3). */
  begin(connection: Connection, incoming: boolean, restarting: boolean): void {
    const source = { connection, incoming, restarting };
    const session = new Session(this.#ports, this.#config, this.#sessionOwner, this.traffic, source);
    this.#sessions.add(session);
    session.start();
    this.#owner.changed();
  }

  /** As `begin` with a connection that has come in, or refuses it while there is an established session. */
  accept(connection: Connection, restarting: boolean): void {
    // With graceful restart the peer may have lost the session that we still believe in (RFC 4724 §5).
    const mayReplace = this.#live?.negotiated?.gracefulRestart !== undefined;
    if (this.#live !== undefined && !mayReplace) {
      return refuse(connection, cease.connectionCollisionResolution, this.#ports.clock);
    }
    for (const session of this.#sessions) {
      // The other side has given it up, or floods us.
      if (session.incoming && session !== this.#live) this.#dismiss(session);
    }
    return this.begin(connection, true, restarting);
  }

  /** Closes those that are not established. */
  closeUnestablished(notification: Omit<NotificationMessage, "type"> | undefined): void {
    for (const session of this.#sessions) {
      if (session === this.#live) continue;
      if (notification === undefined) session.abandon();
      else session.close(notification);
    }
  }

  /** Closes all, so that the peer forgets our routes (`Session.leave`); without a word, so that it may keep them. */
  leave(notification: Omit<NotificationMessage, "type"> | undefined): void {
    for (const session of this.#sessions) {
      if (notification === undefined) session.abandon();
      else session.leave(notification);
    }
  }

  /** RFC 4271 §6.8. Sessions without an OPEN from the peer wait: theirs may never come. */
  #resolveCollisions(newcomer: Session): void {
    for (const other of this.#sessions) {
      if (other === newcomer || other.state === "open-sent") continue;
      // With graceful restart it may be lost, and the newcomer take its place (RFC 4724 §5), but not before that one is
      // established as well: an OPEN may also come late, on the connection that the other side has just given up for it.
      if (other === this.#live && other.negotiated?.gracefulRestart !== undefined) continue;
      const loser = loserOf(newcomer, other, this.#config);
      this.#dismiss(loser);
      if (loser === newcomer) return;
    }
    this.#owner.changed();
  }

  #established(session: Session): void {
    for (const other of this.#sessions) {
      if (other !== session) this.#dismiss(other);
    }
    this.#live = session;
    this.#owner.established(session);
  }

  /** Ends a session that another one replaces. */
  #dismiss(session: Session): void {
    this.#sessions.delete(session);
    this.#leaving.add(session);
    if (session === this.#live) {
      this.#live = undefined;
      this.#owner.lost(session, undefined);
      session.abandon();
    } else session.close({ code: 6, subcode: cease.connectionCollisionResolution, data: new Uint8Array() });
  }

  #ended(session: Session, error: SessionError): void {
    if (!this.#sessions.delete(session)) return; // dismissed
    this.#leaving.add(session);
    if (session === this.#live) {
      this.#live = undefined;
      this.#owner.lost(session, error);
    }
    this.#owner.ended(error);
  }
}
