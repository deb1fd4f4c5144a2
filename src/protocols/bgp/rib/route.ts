import type { Address, Prefix } from "../../../net/index.ts";
import type { ExtendedCommunity, LargeCommunity, Origin } from "../codec/messages.ts";

/** A route that a peer shall have from us. */
export interface Route {
  readonly prefix: Prefix;
  /** Default: none set. Routes that share one object are grouped fastest; it must not be changed afterwards. */
  readonly attributes?: RouteAttributes;
}

/** What may be said of a route; the AS_PATH is the session's business. */
export interface RouteAttributes {
  /** Default incomplete: the route was learned from neither an IGP nor EGP (RFC 4271 §5.1.1). */
  readonly origin?: Origin;
  /** Default: self (`PeerConfig.nextHops`). Of the prefix's family, or IPv6 for an IPv4 prefix (RFC 8950). */
  readonly nextHop?: Address;
  /** MULTI_EXIT_DISC. */
  readonly med?: number;
  /** Sent to peers of our own AS only, and then always; default 100. */
  readonly localPref?: number;
  /** RFC 1997, as unsigned 32 bit numbers. Order and repetition carry no meaning. */
  readonly communities?: readonly number[];
  readonly largeCommunities?: readonly LargeCommunity[];
  /** RFC 4360. */
  readonly extendedCommunities?: readonly ExtendedCommunity[];
  /** How often more than once our AS number stands in the AS_PATH towards another AS; 0 to 250. Default 0. */
  readonly prepend?: number;
}

export interface RouteChanges {
  readonly announce?: readonly Route[];
  readonly withdraw?: readonly Prefix[];
}

/**
 * A map key for a prefix. Not a bigint: engines hash its lowest digit alone, which is the same for all /64s.
 */
export function prefixKey(prefix: Prefix): number | string {
  const { address, length } = prefix;
  return address.family === 4 ? address.value * 64 + length : `${address.value.toString(36)}/${length}`;
}
