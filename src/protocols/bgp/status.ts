import type { AddressFamily, Ipv4Address } from "../../net/index.ts";
import type { Capability, Message } from "./codec/messages.ts";
import { cease, type NotificationDescription } from "./codec/notification.ts";
import type { Endpoint, TransportErrorCode } from "./transport.ts";

/** The states of RFC 4271 §8.2.2. */
export type PeerState = "idle" | "connect" | "active" | "open-sent" | "open-confirm" | "established";

/** What two speakers agreed on by their OPEN messages. */
export interface Negotiated {
  readonly peerAsn: number;
  readonly peerRouterId: Ipv4Address;
  /** Whether the peer is of our own AS (iBGP). */
  readonly internal: boolean;
  /** 0: never expires. */
  readonly holdTimeMs: number;
  /** 0: no keepalives are sent. */
  readonly keepaliveMs: number;
  readonly fourOctetAs: boolean;
  /** Families that both sides speak. */
  readonly families: readonly AddressFamily[];
  /** All that the peer said that it can do. */
  readonly peerCapabilities: readonly Capability[];
  /** Whether the peer sends all its routes again when asked (RFC 2918), and marks where they begin and end (RFC 7313). */
  readonly routeRefresh: "none" | "plain" | "enhanced";
  /** Whether messages may have up to 65,535 octets (RFC 8654). */
  readonly extendedMessages: boolean;
  /** Whether IPv4 routes may have an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** Present if both sides offered it. */
  readonly gracefulRestart?: NegotiatedRestart;
}

/** RFC 4724 and RFC 8538. */
export interface NegotiatedRestart {
  /** The peer says that it has restarted. */
  readonly peerIsRestarting: boolean;
  /** How long to keep the peer's routes until it is back. */
  readonly peerRestartTimeMs: number;
  /** Families whose routes we keep while the peer restarts, and those of them that it has gone on forwarding. */
  readonly peerFamilies: readonly AddressFamily[];
  readonly peerForwarding: readonly AddressFamily[];
  /** Whether a session that ends by a NOTIFICATION, too, is followed by a graceful restart, unless it is a Hard Reset. */
  readonly notifications: boolean;
}

/** Why a session ended, or an attempt to have one failed. */
export type SessionError =
  /** We found fault with the peer, or ended the session. */
  | { readonly code: "notification.sent"; readonly notification: NotificationDescription }
  /** The peer found fault with us, or ended the session. */
  | { readonly code: "notification.received"; readonly notification: NotificationDescription }
  /** The connection ended without a word. */
  | { readonly code: "connection.closed" }
  /** There was no connection, or it broke. `message` is the system's. */
  | { readonly code: TransportErrorCode; readonly message: string };

export type MessageCounts = Readonly<Record<Message["type"], number>>;

export interface PeerStatus {
  readonly name: string;
  readonly state: PeerState;
  /** On the speaker's clock, in ms. */
  readonly stateSince: number;
  /** Of the connection that the state is about. */
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** Present from `open-confirm` on. */
  readonly negotiated?: Negotiated;
  readonly messagesSent: MessageCounts;
  readonly messagesReceived: MessageCounts;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly prefixes: {
    /** Announced to the peer in this session and not withdrawn. */
    readonly sent: Readonly<Record<AddressFamily, number>>;
    /** Announcements and withdrawals not yet handed to the transport, those withheld included. */
    readonly pending: number;
    /** Routes that this session cannot carry, and why. */
    readonly withheld: readonly WithheldRoutes[];
    /** Announcements and withdrawals that came in, of this session. */
    readonly received: { readonly announced: number; readonly withdrawn: number };
    /** Routes kept of a session that is over, until the peer has announced them again (RFC 4724 §4.2). */
    readonly stale: number;
  };
  /** UPDATEs of this session with faults that did not end it (RFC 7606). */
  readonly faults: { readonly treatedAsWithdraw: number; readonly attributesDiscarded: number };
  /** The last one, whether or not a session has been established since. `at` is on the speaker's clock, in ms. */
  readonly lastError?: SessionError & { readonly at: number };
  /** How often we dialled, and how often a session was established, since the peer was added. */
  readonly connectAttempts: number;
  readonly timesEstablished: number;
}

export interface WithheldRoutes {
  readonly family: AddressFamily;
  readonly count: number;
  readonly code: "family-not-negotiated" | "no-next-hop" | "attributes-too-long";
}

/** A sentence for people. */
export function describeSessionError(error: SessionError): string {
  switch (error.code) {
    case "notification.sent":
      return `we sent NOTIFICATION ${notificationText(error.notification)}`;
    case "notification.received":
      return `the peer sent NOTIFICATION ${notificationText(error.notification)}${meaning(error.notification)}`;
    case "connection.closed":
      return "the peer closed the connection without a NOTIFICATION";
    default:
      return error.message;
  }
}

/** RFC 4271 §6.8: of two sessions between the same two addresses one stays; the other may be another program's. */
function meaning({ code, subcode }: NotificationDescription): string {
  const isCollision = code === 6 && subcode === cease.connectionCollisionResolution;
  return isCollision ? ": it has another session with our address, which it keeps" : "";
}

function notificationText(notification: NotificationDescription): string {
  const { code, subcode, codeName, subcodeName, shutdownMessage, inner } = notification;
  const name = subcodeName === undefined ? codeName : `${codeName}, ${subcodeName}`;
  if (inner !== undefined) return `${code}/${subcode} (${name}) for ${notificationText(inner)}`;
  return `${code}/${subcode} (${name})${shutdownMessage === undefined ? "" : `: "${shutdownMessage}"`}`;
}
