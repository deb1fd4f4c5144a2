import { isLinkLocal, type Ipv6Address } from "../../net/index.ts";

/** RFC 4861 §4.2, without what only hosts read of it. */
export interface RouterAdvertisement {
  readonly type: "router-advertisement";
  /** How long hosts may take the sender for a default router, in seconds; 0: not at all. */
  readonly routerLifetimeSeconds: number;
  /** The sender's address on the link, mostly of 6 octets. */
  readonly sourceLinkLayer?: Uint8Array;
}

/** RFC 4861 §4.1. */
export interface RouterSolicitation {
  readonly type: "router-solicitation";
  readonly sourceLinkLayer?: Uint8Array;
}

export type DiscoveryMessage = RouterAdvertisement | RouterSolicitation;

/** How a message came, as far as that decides whether it is valid. */
export interface Arrival {
  readonly source: Ipv6Address;
  readonly hopLimit: number;
}

/** Why a message is not taken. The RFC wants it dropped without a word. */
export type DiscoveryFault =
  /** It may have come from beyond the link. */
  | "hop-limit"
  | "code"
  | "too-short"
  | "bad-option"
  /** An advertisement from an address that is not link-local, a solicitation that names the link layer of nobody. */
  | "bad-source"
  | "other-type";

const types = { "router-solicitation": 133, "router-advertisement": 134 } as const;
const headOctets = { "router-solicitation": 8, "router-advertisement": 16 } as const;
const sourceLinkLayerOption = 1;
/** RFC 4861 §6.1.1: what has passed a router has less. */
const hopLimit = 255;

/** The ICMPv6 message; its checksum is left 0, for the kernel to fill in. */
export function encodeDiscoveryMessage(message: DiscoveryMessage): Uint8Array {
  const { sourceLinkLayer } = message;
  const head = headOctets[message.type];
  // RFC 4861 §4.6: an option's length counts units of 8 octets, type and length included.
  const optionUnits = sourceLinkLayer === undefined ? 0 : Math.ceil((2 + sourceLinkLayer.length) / 8);
  const bytes = new Uint8Array(head + 8 * optionUnits);
  bytes[0] = types[message.type];
  if (message.type === "router-advertisement") {
    new DataView(bytes.buffer).setUint16(6, message.routerLifetimeSeconds);
  }
  if (sourceLinkLayer !== undefined) {
    bytes[head] = sourceLinkLayerOption;
    bytes[head + 1] = optionUnits;
    bytes.set(sourceLinkLayer, head + 2);
  }
  return bytes;
}

/** The message, if it is valid by RFC 4861 §6.1.1 and §6.1.2; the kernel has checked its checksum. */
export function decodeDiscoveryMessage(bytes: Uint8Array, arrival: Arrival): DiscoveryMessage | DiscoveryFault {
  const type = bytes[0] === 133 ? "router-solicitation" : bytes[0] === 134 ? "router-advertisement" : undefined;
  if (type === undefined) return "other-type";
  if (arrival.hopLimit !== hopLimit) return "hop-limit";
  if (bytes[1] !== 0) return "code";
  const head = headOctets[type];
  if (bytes.length < head) return "too-short";
  const options = sourceLinkLayerOf(bytes.subarray(head));
  if (options === undefined) return "bad-option";
  if (type === "router-solicitation") {
    if (arrival.source.value === 0n && options.sourceLinkLayer !== undefined) return "bad-source";
    return { type, ...options };
  }
  if (!isLinkLocal(arrival.source)) return "bad-source";
  return { type, routerLifetimeSeconds: ((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0), ...options };
}

/** Walks all options, for one of length 0 makes the whole message invalid; `undefined` where one does. */
function sourceLinkLayerOf(options: Uint8Array): { sourceLinkLayer?: Uint8Array } | undefined {
  let found: { sourceLinkLayer?: Uint8Array } = {};
  for (let at = 0; at < options.length;) {
    const octets = 8 * (options[at + 1] ?? 0);
    if (octets === 0 || at + octets > options.length) return undefined;
    if (options[at] === sourceLinkLayerOption)
      found = { sourceLinkLayer: new Uint8Array(options.subarray(at + 2, at + octets)) };
    at += octets;
  }
  return found;
}
