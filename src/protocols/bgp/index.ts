/**
 * A BGP speaker (RFC 4271 with four-octet AS numbers and IPv4 and IPv6 unicast), over a transport and a clock that are
 * handed in.
 *
 *     const speaker = new Speaker({ clock: systemClock, transport }, { asn: 65211, routerId, listen: [endpoint] });
 *     await speaker.listen();
 *     const peer = speaker.addPeer({ name: "switch", remoteAddress, remoteAsn: 65210 });
 *     peer.setRoutes([{ prefix }]);
 *     …
 *     await speaker.stop({ drainMs: 1_000 });
 *
 * Durations are in milliseconds and named so; AS numbers, communities and metrics are plain unsigned numbers.
 */
export { Speaker } from "./speaker.ts";
export type { Peer } from "./peer.ts";
export type { StopOptions } from "./session/departure.ts";
export type { GracefulRestartConfig, ListenEndpoint, PeerConfig, ResolvedPeerConfig, SpeakerConfig } from "./config.ts";
export type { SpeakerPorts } from "./ports.ts";
export type { Route, RouteAttributes, RouteChanges } from "./rib/route.ts";
export type { ReceivedChanges, ReceivedRoute } from "./rib/adj-rib-in.ts";
export {
  describeSessionError,
  type MessageCounts,
  type Negotiated,
  type NegotiatedRestart,
  type PeerState,
  type PeerStatus,
  type SessionError,
  type WithheldRoutes,
} from "./status.ts";
export { describeCapability } from "./codec/capabilities.ts";
export type { NotificationDescription } from "./codec/notification.ts";
export { formatCommunity, parseCommunity, wellKnownCommunities, type WellKnownCommunity } from "./codec/communities.ts";
export type {
  AsPathSegment,
  Capability,
  ExtendedCommunity,
  ExtendedNextHop,
  GracefulRestartCapability,
  LargeCommunity,
  Origin,
  PathAttribute,
} from "./codec/messages.ts";
export {
  formatEndpointAddress,
  TransportError,
  type Connection,
  type ConnectionHandlers,
  type DialHandlers,
  type DialOptions,
  type Endpoint,
  type LinkOptions,
  type Listener,
  type ListeningPeer,
  type ListenOptions,
  type Transport,
  type TransportErrorCode,
} from "./transport.ts";
export { SimulatedNetwork } from "./simulated/simulated-network.ts";
export type { WireOptions } from "./simulated/simulated-connection.ts";
