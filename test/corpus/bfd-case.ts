import { encodeControlPacket, type ControlPacket } from "../../src/protocols/bfd/packet.ts";

/**
 * What a speaker makes of a packet that asks for an answer (P): `discarded`, as if it had not come; or its session's state
 * after it, `up` or `down`, and whether it has answered with F.
 */
export type BfdAnswer = "discarded" | "up" | "down" | "up, unanswered" | "down, unanswered";

/** A packet that is malformed, or looks it, sent into a session that is up, and what must come of it. */
export interface BfdCase {
  readonly name: string;
  readonly bytes: (session: SessionInUse) => Uint8Array;
  /** With which it arrives. */
  readonly ttl: number;
  readonly port: number;
  /** From another address than the session's. */
  readonly isFromElsewhere: boolean;
  readonly section: string;
  readonly answer: BfdAnswer;
}

/** Discriminators as we, the neighbour, see them. */
export interface SessionInUse {
  readonly ours: number;
  readonly theirs: number;
}

/** A good packet of the session: Up, 1 s, and a multiplier by which a single packet keeps the session for minutes. */
export function packetOf({ ours, theirs }: SessionInUse, changes: Partial<ControlPacket> = {}): Uint8Array {
  return encodeControlPacket({
    state: "up",
    diagnostic: "none",
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: 255,
    myDiscriminator: ours,
    yourDiscriminator: theirs,
    desiredMinTxUs: 1_000_000,
    requiredMinRxUs: 1_000_000,
    requiredMinEchoRxUs: 0,
    ...changes,
  });
}
