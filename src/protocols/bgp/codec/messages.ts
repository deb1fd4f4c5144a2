import type { Address, AddressFamily, Ipv4Address, Ipv6Address, Prefix } from "../../../net/index.ts";

/** The four messages of RFC 4271 §4 and that of RFC 2918, as data. */
export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage;

export interface OpenMessage {
  readonly type: "open";
  /** The two-octet field: AS_TRANS (23456) when the number does not fit (RFC 6793 §4.1). */
  readonly asn: number;
  readonly holdTimeSeconds: number;
  readonly routerId: Ipv4Address;
  readonly capabilities: readonly Capability[];
}

/** RFC 5492. One that we do not know is kept as it came. */
export type Capability =
  | { readonly type: "multiprotocol"; readonly afi: number; readonly safi: number }
  | { readonly type: "four-octet-as"; readonly asn: number }
  /** RFC 2918. */
  | { readonly type: "route-refresh" }
  /** RFC 7313. */
  | { readonly type: "enhanced-route-refresh" }
  /** RFC 8654. */
  | { readonly type: "extended-message" }
  /** RFC 8950: prefixes of these families may have next hops of that one. */
  | { readonly type: "extended-next-hop"; readonly families: readonly ExtendedNextHop[] }
  | GracefulRestartCapability
  | { readonly type: "unknown"; readonly code: number; readonly value: Uint8Array };

export interface ExtendedNextHop {
  readonly afi: number;
  readonly safi: number;
  readonly nextHopAfi: number;
}

/** RFC 4724 §3 and RFC 8538 §2. */
export interface GracefulRestartCapability {
  readonly type: "graceful-restart";
  /** The R bit: the sender has restarted. */
  readonly restarting: boolean;
  /** The N bit: a NOTIFICATION, too, is followed by a graceful restart, unless it is a Hard Reset. */
  readonly notification: boolean;
  /** How long the sender expects to take to be back; 0 to 4095. */
  readonly restartTimeSeconds: number;
  /** `forwarding` is the F bit: what it forwards to has survived its restart. */
  readonly families: readonly { readonly afi: number; readonly safi: number; readonly forwarding: boolean }[];
}

export interface UpdateMessage {
  readonly type: "update";
  /** IPv4; other families are withdrawn in the attribute `mp-unreach`. */
  readonly withdrawn: readonly Prefix[];
  readonly attributes: readonly PathAttribute[];
  /** IPv4; other families are announced in the attribute `mp-reach`. */
  readonly announced: readonly Prefix[];
  /** What was wrong with it and did not end the session (RFC 7606); absent if nothing was. */
  readonly faults?: readonly UpdateFault[];
}

/** A fault in an UPDATE that was answered by withdrawing its routes, or by dropping the attribute. */
export interface UpdateFault {
  readonly code: "treat-as-withdraw" | "attribute-discard";
  /** The attribute's code; 0 where the whole list is at fault. */
  readonly attribute: number;
}

export type PathAttribute =
  | { readonly type: "origin"; readonly origin: Origin }
  | { readonly type: "as-path"; readonly segments: readonly AsPathSegment[] }
  | { readonly type: "next-hop"; readonly address: Ipv4Address }
  | { readonly type: "multi-exit-disc"; readonly value: number }
  | { readonly type: "local-pref"; readonly value: number }
  | { readonly type: "atomic-aggregate" }
  | { readonly type: "aggregator"; readonly asn: number; readonly address: Ipv4Address }
  | { readonly type: "communities"; readonly values: readonly number[] }
  | {
      readonly type: "mp-reach";
      readonly family: AddressFamily;
      readonly nextHop: Address;
      /** RFC 2545 §3: the link-local next hop beside the global one. */
      readonly linkLocal?: Ipv6Address;
      readonly prefixes: readonly Prefix[];
    }
  | { readonly type: "mp-unreach"; readonly family: AddressFamily; readonly prefixes: readonly Prefix[] }
  | { readonly type: "as4-path"; readonly segments: readonly AsPathSegment[] }
  | { readonly type: "as4-aggregator"; readonly asn: number; readonly address: Ipv4Address }
  | { readonly type: "extended-communities"; readonly values: readonly ExtendedCommunity[] }
  | { readonly type: "large-communities"; readonly values: readonly LargeCommunity[] }
  /** One that we do not read, or a multiprotocol one of a family that we do not speak. `flags` are as on the wire. */
  | { readonly type: "unknown"; readonly flags: number; readonly code: number; readonly value: Uint8Array };

export type Origin = "igp" | "egp" | "incomplete";

export interface AsPathSegment {
  readonly type: "set" | "sequence" | "confed-sequence" | "confed-set";
  readonly asns: readonly number[];
}

/** RFC 8092: three unsigned 32 bit numbers. */
export type LargeCommunity = readonly [global: number, local1: number, local2: number];

/** RFC 4360. */
export type ExtendedCommunity =
  /** draft-ietf-idr-link-bandwidth: the weight of this path among several. */
  | { readonly type: "link-bandwidth"; readonly asn: number; readonly bytesPerSecond: number }
  /** RFC 4360 §4, RFC 5668: `value` has 32 bits where the AS number has 16, and 16 where it has 32. */
  | { readonly type: "route-target" | "route-origin"; readonly asn: number; readonly value: number }
  /** One that we do not read: its eight octets. */
  | { readonly type: "unknown"; readonly octets: Uint8Array };

/** RFC 2918, with the subtypes of RFC 7313. */
export interface RouteRefreshMessage {
  readonly type: "route-refresh";
  readonly afi: number;
  readonly safi: number;
  /** 0 asks for all routes, 1 and 2 mark the beginning and end of sending them. */
  readonly subtype: number;
}

export interface NotificationMessage {
  readonly type: "notification";
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

export interface KeepaliveMessage {
  readonly type: "keepalive";
}

/** What of a session the bytes of its messages depend on. */
export interface CodecContext {
  /** Whether both sides speak four-octet AS numbers (RFC 6793): then AS_PATH and AGGREGATOR carry them. */
  readonly fourOctetAs: boolean;
  /** The most octets in a message to the peer: 4,096, or 65,535 where both sides can (RFC 8654). */
  readonly maxMessageLength?: number;
  /** Whether the peer is of our own AS, which some of RFC 7606's answers depend on. Default false. */
  readonly internal?: boolean;
  /** Whether IPv4 prefixes may have IPv6 next hops (RFC 8950). Default false. */
  readonly extendedNextHop?: boolean;
}

export const messageTypes = {
  open: 1,
  update: 2,
  notification: 3,
  keepalive: 4,
  "route-refresh": 5,
} as const satisfies Record<Message["type"], number>;

export const headerLength = 19;
export const maxMessageLength = 4096;
/** RFC 8654. */
export const maxExtendedLength = 65_535;
/** RFC 6793 §4.1: stands in two octets for a number that needs four. */
export const asTrans = 23456;
