import type { Address, AddressFamily, Ipv4Address, Ipv6Address, Prefix } from "../../net/index.ts";

/** The four messages of RFC 4271 §4, as data. */
export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage;

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
  | { readonly type: "unknown"; readonly code: number; readonly value: Uint8Array };

export interface UpdateMessage {
  readonly type: "update";
  /** IPv4; other families are withdrawn in the attribute `mp-unreach`. */
  readonly withdrawn: readonly Prefix[];
  readonly attributes: readonly PathAttribute[];
  /** IPv4; other families are announced in the attribute `mp-reach`. */
  readonly announced: readonly Prefix[];
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
}

export const messageTypes = { open: 1, update: 2, notification: 3, keepalive: 4 } as const satisfies Record<
  Message["type"],
  number
>;

export const headerLength = 19;
export const maxMessageLength = 4096;
/** RFC 6793 §4.1: stands in two octets for a number that needs four. */
export const asTrans = 23456;
