import type { ControlPacket, Diagnostic, SessionState } from "./packet.ts";

/** What its last packet has told of the neighbour: the variables bfd.Remote… of RFC 5880 §6.8.1. */
export interface Neighbour {
  /** 0: nothing has been heard of it, or not for a detection time. */
  readonly discriminator: number;
  readonly state: SessionState;
  /** `undefined` also where it gives a number that is not assigned. */
  readonly diagnostic: Diagnostic | undefined;
  readonly isInDemandMode: boolean;
  /** 0: it wants no periodic packets. */
  readonly minRxMs: number;
  readonly minTxMs: number;
  /** 0: it loops no echo packets. */
  readonly minEchoRxMs: number;
  readonly detectMultiplier: number;
}

/** Before its first packet. */
export const unheardNeighbour: Neighbour = {
  discriminator: 0,
  state: "down",
  diagnostic: undefined,
  isInDemandMode: false,
  minRxMs: 0.001,
  minTxMs: 0,
  minEchoRxMs: 0,
  detectMultiplier: 0,
};

export function neighbourOf(packet: ControlPacket): Neighbour {
  return {
    discriminator: packet.myDiscriminator,
    state: packet.state,
    diagnostic: packet.diagnostic,
    isInDemandMode: packet.demand,
    minRxMs: packet.requiredMinRxUs / 1_000,
    minTxMs: packet.desiredMinTxUs / 1_000,
    minEchoRxMs: packet.requiredMinEchoRxUs / 1_000,
    detectMultiplier: packet.detectMultiplier,
  };
}

/** §6.8.1: once it has been silent for a detection time. What that time was made of, and its last reason, are kept. */
export function afterSilence({ diagnostic, minTxMs, detectMultiplier }: Neighbour): Neighbour {
  return { ...unheardNeighbour, diagnostic, minTxMs, detectMultiplier };
}
