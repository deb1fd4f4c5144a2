/** States of a session (RFC 5880 §4.1); the position in this list is the number on the wire. */
export const sessionStates = ["admin-down", "down", "init", "up"] as const;
export type SessionState = (typeof sessionStates)[number];

/** Why a session last left Up (RFC 5880 §4.1); the position in this list is the number on the wire. */
export const diagnostics = [
  "none",
  "detection-time-expired",
  "echo-failed",
  "neighbor-signaled-down",
  "forwarding-plane-reset",
  "path-down",
  "concatenated-path-down",
  "administratively-down",
  "reverse-concatenated-path-down",
] as const;
export type Diagnostic = (typeof diagnostics)[number];

/** A BFD Control packet (RFC 5880 §4.1). Intervals are in microseconds, as on the wire: whole numbers to 2^32 - 1. */
export interface ControlPacket {
  readonly state: SessionState;
  /** Undefined where the sender gives a number that is not assigned; never written so. */
  readonly diagnostic: Diagnostic | undefined;
  readonly poll: boolean;
  readonly final: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  /** Never 0. */
  readonly detectMultiplier: number;
  /** Never 0. */
  readonly myDiscriminator: number;
  /** 0: the sender has not heard of us. */
  readonly yourDiscriminator: number;
  readonly desiredMinTxUs: number;
  /** 0: the sender wants no periodic packets. */
  readonly requiredMinRxUs: number;
  /** 0: the sender loops no echo packets back. */
  readonly requiredMinEchoRxUs: number;
  /** Present only in packets that were received and have it: we write none. */
  readonly authentication?: AuthenticationSection;
}

/** RFC 5880 §4.1: parsed as far as all types have it in common. */
export interface AuthenticationSection {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Why bytes are no packet: the rules of RFC 5880 §6.8.6 that need no session, in its order. */
export type PacketError =
  | "packet.version"
  | "packet.too-short"
  | "packet.longer-than-payload"
  | "packet.detect-multiplier-zero"
  | "packet.multipoint"
  | "packet.my-discriminator-zero"
  | "packet.your-discriminator-zero"
  | "packet.authentication-malformed";

export const controlPacketLength = 24;
const version = 1;

const flag = { poll: 32, final: 16, controlPlaneIndependent: 8, authentication: 4, demand: 2, multipoint: 1 } as const;

/** The 24 octets of a packet without authentication. Throws `RangeError` where a number does not fit its field. */
export function encodeControlPacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(controlPacketLength);
  const view = new DataView(bytes.buffer);
  let flags = sessionStates.indexOf(packet.state) << 6;
  if (packet.poll) flags |= flag.poll;
  if (packet.final) flags |= flag.final;
  if (packet.controlPlaneIndependent) flags |= flag.controlPlaneIndependent;
  if (packet.demand) flags |= flag.demand;
  bytes[0] = (version << 5) | Math.max(0, diagnostics.indexOf(packet.diagnostic ?? "none"));
  bytes[1] = flags;
  bytes[2] = checked("detectMultiplier", packet.detectMultiplier, 1, 255);
  bytes[3] = controlPacketLength;
  view.setUint32(4, checked("myDiscriminator", packet.myDiscriminator, 1));
  view.setUint32(8, checked("yourDiscriminator", packet.yourDiscriminator));
  view.setUint32(12, checked("desiredMinTxUs", packet.desiredMinTxUs));
  view.setUint32(16, checked("requiredMinRxUs", packet.requiredMinRxUs));
  view.setUint32(20, checked("requiredMinEchoRxUs", packet.requiredMinEchoRxUs));
  return bytes;
}

function checked(field: string, value: number, least = 0, most = 0xffffffff): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${field} ${value}: is a whole number from ${least} to ${most}`);
}

/** The packet that fills the start of the UDP payload `bytes`, or why there is none. Never throws. */
export function decodeControlPacket(bytes: Uint8Array): ControlPacket | PacketError {
  const [first = 0, second = 0, detectMultiplier = 0, length = 0] = bytes;
  // A payload too short for its own Length field is shorter than any packet.
  if (bytes.length < 4) return "packet.too-short";
  if (first >>> 5 !== version) return "packet.version";
  const hasAuthentication = (second & flag.authentication) !== 0;
  if (length < (hasAuthentication ? controlPacketLength + 2 : controlPacketLength)) return "packet.too-short";
  if (length > bytes.length) return "packet.longer-than-payload";
  if (detectMultiplier === 0) return "packet.detect-multiplier-zero";
  if ((second & flag.multipoint) !== 0) return "packet.multipoint";
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const myDiscriminator = view.getUint32(4);
  if (myDiscriminator === 0) return "packet.my-discriminator-zero";
  const yourDiscriminator = view.getUint32(8);
  const state = sessionStates[second >>> 6] ?? "down";
  if (yourDiscriminator === 0 && state !== "down" && state !== "admin-down") return "packet.your-discriminator-zero";
  const authentication = hasAuthentication ? authenticationOf(bytes.subarray(controlPacketLength, length)) : undefined;
  if (hasAuthentication && authentication === undefined) return "packet.authentication-malformed";
  return {
    state,
    diagnostic: diagnostics[first & 31],
    poll: (second & flag.poll) !== 0,
    final: (second & flag.final) !== 0,
    controlPlaneIndependent: (second & flag.controlPlaneIndependent) !== 0,
    demand: (second & flag.demand) !== 0,
    detectMultiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTxUs: view.getUint32(12),
    requiredMinRxUs: view.getUint32(16),
    requiredMinEchoRxUs: view.getUint32(20),
    ...(authentication === undefined ? {} : { authentication }),
  };
}

/** `section` has at least the two octets of type and length; its length must be all that the packet has left. */
function authenticationOf(section: Uint8Array): AuthenticationSection | undefined {
  const [type = 0, length = 0] = section;
  return length === section.length ? { type, data: Uint8Array.from(section.subarray(2)) } : undefined;
}
