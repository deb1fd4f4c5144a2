import type { Clock, Timer } from "../../clock/index.ts";
import { decodeMessage, encodeMessage } from "../codec/codec.ts";
import { Framer, type Frame } from "../codec/framing.ts";
import {
  maxExtendedLength,
  maxMessageLength,
  messageTypes,
  type CodecContext,
  type Message,
  type NotificationMessage,
  type RouteRefreshMessage,
  type UpdateMessage,
} from "../codec/messages.ts";
import { describeNotification, hardReset, ProtocolError } from "../codec/notification.ts";
import type { ResolvedPeerConfig } from "../config.ts";
import type { SpeakerPorts } from "../ports.ts";
import type { Negotiated, SessionError } from "../status.ts";
import type { Connection, TransportError } from "../transport.ts";
import { negotiate, openFor } from "./negotiation.ts";
import { SessionTimers } from "./session-timers.ts";
import type { TrafficCounters } from "./traffic-counters.ts";

/** How long we wait for the peer to take our last words and close, before we drop the connection. */
const lingerMs = 1_000;
/** What a session tells its peer. Nothing follows `ended`, but `gone`. */
export interface SessionOwner {
  /** A good OPEN has come; the session is in OpenConfirm. Collision detection may end this one or another within this call. */
  opened(session: Session): void;
  established(session: Session): void;
  updated(session: Session, update: UpdateMessage): void;
  /** A ROUTE-REFRESH has come. */
  refreshed(session: Session, message: RouteRefreshMessage): void;
  /** There is room again after `sendUpdate` returned false. */
  drained(session: Session): void;
  ended(session: Session, error: SessionError): void;
  /** Its connection is closed, too. */
  gone(session: Session): void;
}

/** Where a session comes from. */
export interface SessionSource {
  readonly connection: Connection;
  /** Whether the remote side opened the connection. */
  readonly incoming: boolean;
  /** Whether our OPEN says that we have restarted (RFC 4724 §3). */
  readonly restarting: boolean;
}

/** RFC 6608 §3. */
const stateSubcodes = { "open-sent": 1, "open-confirm": 2, established: 3 } as const;

export type SessionState = "open-sent" | "open-confirm" | "established" | "ended";

/**
 * One connection's part of the state machine (RFC 4271 §8.2.2): OpenSent, OpenConfirm, Established. What comes before
 * there is a connection is the peer's business, since it may have two of them at once.
 */
export class Session {
  readonly connection: Connection;
  /** Whether the remote side opened the connection. */
  readonly incoming: boolean;
  readonly #restarting: boolean;
  readonly #config: ResolvedPeerConfig;
  readonly #ports: Required<SpeakerPorts>;
  readonly #owner: SessionOwner;
  readonly #traffic: TrafficCounters;
  readonly #framer = new Framer();
  readonly #timers: SessionTimers;
  #state: SessionState = "open-sent";
  #negotiated: Negotiated | undefined;
  #lingerTimer: Timer | undefined;
  #isWritable = true;
  #isClosed = false;

  constructor(
    ports: Required<SpeakerPorts>,
    config: ResolvedPeerConfig,
    owner: SessionOwner,
    traffic: TrafficCounters,
    source: SessionSource,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#owner = owner;
    this.#traffic = traffic;
    this.connection = source.connection;
    this.incoming = source.incoming;
    this.#restarting = source.restarting;
    this.#timers = new SessionTimers(ports, source.connection, {
      holdExpired: () => this.close({ code: 4, subcode: 0, data: new Uint8Array() }),
      keepaliveDue: () => this.#send({ type: "keepalive" }),
      sendHoldExpired: () => {
        // The NOTIFICATION will not get through either: what matters is that the connection goes.
        this.close({ code: 8, subcode: 0, data: new Uint8Array() });
        this.connection.destroy();
      },
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** Whether the transport has room, so far as the last `sendUpdate` could tell. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** Sends our OPEN and listens. To be called once. */
  start(): void {
    this.#send(openFor(this.#config, this.#restarting));
    this.#timers.awaitOpen();
    this.connection.open({
      received: (bytes) => this.#received(bytes),
      drained: () => {
        this.#isWritable = true;
        this.#timers.progressed();
        if (this.#state === "established") this.#owner.drained(this);
      },
      ended: () => this.#end({ code: "connection.closed" }),
      closed: (error) => this.#connectionClosed(error),
    });
  }

  /** Hands an encoded UPDATE to the transport; false: wait for `drained`. */
  sendUpdate(bytes: Uint8Array): boolean {
    return this.#write("update", bytes);
  }

  sendRouteRefresh(afi: number, safi: number, subtype: number): void {
    this.#send({ type: "route-refresh", afi, safi, subtype });
  }

  /** Tells the peer to forget our routes, why, and ends: where graceful restart would keep them, by a Hard Reset. */
  leave(notification: Omit<NotificationMessage, "type">): void {
    const keeps = this.#state === "established" && this.#negotiated?.gracefulRestart?.notifications === true;
    this.close(keeps ? hardReset(notification) : notification);
  }

  /** Ends without a word: the peer has given this connection up, or is to believe that we died (RFC 4724 §4.2). */
  abandon(): void {
    this.#end({ code: "connection.closed" });
  }

  /** Tells the peer why, and ends. Without effect on a session that has ended. */
  close(notification: Omit<NotificationMessage, "type">): void {
    if (this.#state === "ended") return;
    this.#send({ type: "notification", ...notification });
    this.#end({ code: "notification.sent", notification: describeNotification(notification) });
  }

  #received(bytes: Uint8Array): void {
    this.#traffic.bytesReceived += bytes.length;
    if (this.#state === "ended") return; // read and dropped, so that the peer can read our last words (see #end)
    for (const frame of this.#framer.push(bytes)) {
      if (frame instanceof ProtocolError) this.close(frame);
      else this.#handle(frame);
      if (this.#ended()) return;
    }
  }

  /** Asks anew: what was called since the last look may have ended the session. */
  #ended(): boolean {
    return this.#state === "ended";
  }

  #handle(frame: Frame): void {
    if (!expects(this.#state, frame.type)) return this.#unexpected(frame.type);
    const message = decodeMessage(frame, this.codecContext);
    if (message instanceof ProtocolError) return this.close(message);
    this.#traffic.received[message.type] += 1;
    if (message.type === "notification") {
      return this.#end({ code: "notification.received", notification: describeNotification(message) });
    }
    this.#timers.heard();
    switch (this.#state) {
      case "open-sent":
        return message.type === "open" ? this.#handleOpen(message) : undefined;
      case "open-confirm":
        return message.type === "keepalive" ? this.#establish() : undefined;
      case "established":
        if (message.type === "update") return this.#owner.updated(this, message);
        if (message.type === "route-refresh") return this.#owner.refreshed(this, message);
        return undefined;
      case "ended":
        return undefined;
    }
  }

  #handleOpen(open: Extract<Message, { type: "open" }>): void {
    const negotiated = negotiate(this.#config, open);
    if (negotiated instanceof ProtocolError) return this.close(negotiated);
    this.#negotiated = negotiated;
    this.#state = "open-confirm";
    if (negotiated.extendedMessages) this.#framer.allowExtended();
    this.#owner.opened(this);
    if (this.#ended()) return;
    this.#send({ type: "keepalive" });
    this.#timers.run(negotiated, this.#config.sendHoldTimeMs);
  }

  #establish(): void {
    this.#state = "established";
    this.#owner.established(this);
  }

  /** RFC 6608 §3: the state's subcode, and the type of the message that had no business there. */
  #unexpected(type: number): void {
    if (this.#state === "ended") return;
    this.close({ code: 5, subcode: stateSubcodes[this.#state], data: Uint8Array.of(type) });
  }

  /** How messages are read and written from the peer's OPEN on. */
  get codecContext(): CodecContext {
    const negotiated = this.#negotiated;
    if (negotiated === undefined) return { fourOctetAs: true };
    const { fourOctetAs, internal, extendedNextHop, extendedMessages } = negotiated;
    const longest = extendedMessages ? maxExtendedLength : maxMessageLength;
    return { fourOctetAs, internal, extendedNextHop, maxMessageLength: longest };
  }

  #send(message: Message): void {
    this.#write(message.type, encodeMessage(message, this.codecContext));
  }

  #write(type: Message["type"], bytes: Uint8Array): boolean {
    this.#traffic.sent[type] += 1;
    this.#traffic.bytesSent += bytes.length;
    this.#timers.speaks();
    this.#isWritable = this.connection.write(bytes);
    return this.#isWritable;
  }

  /**
   * The connection is ended, not dropped: dropping it with bytes unread would make the kernel send a reset, which can
   * overtake our NOTIFICATION.
   */
  #end(error: SessionError): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#timers.stop();
    if (!this.#isClosed) {
      this.connection.end();
      this.#lingerTimer = this.#ports.clock.setTimer(lingerMs, () => this.connection.destroy());
    }
    this.#owner.ended(this, error);
  }

  #connectionClosed(error: TransportError | undefined): void {
    this.#isClosed = true;
    this.#lingerTimer?.cancel();
    this.#end(error === undefined ? { code: "connection.closed" } : { code: error.code, message: error.message });
    this.#owner.gone(this);
  }
}

/**
 * Whether a message of this type has any business in this state. If not, it is an error of the state machine, however
 * malformed it is itself (RFC 4271 §8.2.2: events 27 and 28 alike, and 22 once established).
 */
function expects(state: SessionState, type: number): boolean {
  if (type === messageTypes.notification) return true;
  if (state === "open-sent") return type === messageTypes.open;
  if (state === "open-confirm") return type === messageTypes.keepalive;
  return type !== messageTypes.open;
}

/** Tells a connection that we do not want why (a subcode of Cease), and ends it. */
export function refuse(connection: Connection, ceaseSubcode: number, clock: Clock): void {
  const message = { type: "notification", code: 6, subcode: ceaseSubcode, data: new Uint8Array() } as const;
  const linger = clock.setTimer(lingerMs, () => connection.destroy());
  connection.open({ received: () => {}, drained: () => {}, ended: () => {}, closed: () => linger.cancel() });
  connection.write(encodeMessage(message, { fourOctetAs: true }));
  connection.end();
}
