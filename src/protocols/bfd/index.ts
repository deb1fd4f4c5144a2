/**
 * Bidirectional Forwarding Detection (RFC 5880 in asynchronous mode and with the Echo function, RFC 5881, RFC 5883), over a transport and a clock
 * that are handed in.
 *
 *     const system = new BfdSystem({ clock: systemClock, transport }, (change) => …);
 *     system.listen();
 *     system.setSessions([{ name: "switch", remoteAddress, transmitIntervalMs: 50, receiveIntervalMs: 50 }]);
 *     …
 *     system.stop(() => …);
 */
export {
  BfdSystem,
  type DiscardReason,
  type NamedSessionStatus,
  type NamedStateChange,
  type SystemPorts,
  type SystemStatus,
} from "./system.ts";
export { resolveSessions, type ResolvedSessionConfig, type SessionConfig } from "./config.ts";
export type { SessionPorts } from "./session.ts";
export type { SessionParameters } from "./session-parameters.ts";
export type { SessionStatus, StateChange } from "./session-status.ts";
export {
  decodeControlPacket,
  type ControlPacket,
  type Diagnostic,
  type PacketError,
  type SessionState,
} from "./packet.ts";
export {
  TransportError,
  type Channel,
  type Datagram,
  type EchoChannel,
  type EchoPath,
  type Hops,
  type SessionPath,
  type Transport,
} from "./transport.ts";
