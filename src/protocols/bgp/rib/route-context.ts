import { isLinkLocal, type Address, type AddressFamily, type Ipv6Address } from "../../../net/index.ts";
import type { CodecContext } from "../codec/messages.ts";
import type { ResolvedPeerConfig } from "../config.ts";
import type { Session } from "../session/session.ts";

/** What of a session the attributes of a route depend on. */
export interface RouteContext extends CodecContext {
  readonly localAsn: number;
  /** Whether the peer is of our own AS. */
  readonly internal: boolean;
  /** Families that the session carries. */
  readonly families: readonly AddressFamily[];
  /** Next hops of routes that name none. */
  readonly nextHops: { readonly 4?: Address; readonly 6?: Address };
  /** Goes along with an IPv6 next hop that is not link-local itself (RFC 2545 §3). */
  readonly linkLocal?: Ipv6Address;
  /** Whether the peer shall prefer other paths than ours, for we are leaving (RFC 8326). */
  readonly isLeaving: boolean;
}

/** What an established session and the peer's configuration make of it. */
export function routeContextOf(session: Session, config: ResolvedPeerConfig): Omit<RouteContext, "isLeaving"> {
  const { address } = session.connection.local;
  const context = session.codecContext;
  const nextHopOf = (family: AddressFamily) => {
    const suits = address.family === family || (family === 4 && context.extendedNextHop === true);
    return config.nextHops[family] ?? (suits ? address : undefined);
  };
  const [nextHop4, nextHop6] = [nextHopOf(4), nextHopOf(6)];
  return {
    ...context,
    internal: context.internal ?? false,
    families: session.negotiated?.families ?? [],
    localAsn: config.localAsn,
    nextHops: {
      ...(nextHop4 === undefined ? {} : { 4: nextHop4 }),
      ...(nextHop6 === undefined ? {} : { 6: nextHop6 }),
    },
    ...(address.family === 6 && isLinkLocal(address) ? { linkLocal: address } : {}),
  };
}
