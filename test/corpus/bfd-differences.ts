import type { BfdAnswer } from "./bfd-case.ts";

/** What FRR 8.4 and BIRD 2.0 do otherwise than we, and who is right. */
export interface BfdDifference {
  readonly frr?: BfdAnswer;
  readonly bird?: BfdAnswer;
  readonly verdict: string;
}

const zero =
  "RFC 5880 §6.8.6 lets Down and AdminDown come so; FRR finds the session and drops the packet, and hears of a neighbour's restart by the detection time only";
const authentication = "RFC 5880 §6.8.6: discarded where no authentication is in use; FRR does not look at the bit";
const otherPort =
  "RFC 5881 §4: the session's packets come to 3784, where §5 wants TTL 255. The port of multihop sessions is a way round that";

/** By the name of the case. */
export const bfdDifferences: Readonly<Record<string, BfdDifference>> = {
  "the Multipoint bit": { frr: "down", verdict: "RFC 5880 §6.8.6: discarded; FRR does not look at it" },
  "Your Discriminator 0 and Down": { frr: "discarded", verdict: zero },
  "Your Discriminator 0 and AdminDown": { frr: "discarded", verdict: zero },
  "a password, where none is in use": { frr: "down", verdict: authentication },
  "the Authentication bit and Length 24": { frr: "down", verdict: authentication },
  "the Authentication bit and a section longer than the packet": { frr: "down", verdict: authentication },
  "both P and F": {
    bird: "discarded",
    verdict: "nobody may send it (RFC 5880 §6.5); §6.8.6 does not say to drop it. Either will do",
  },
  "to the port of multihop sessions": { frr: "down", bird: "down", verdict: otherPort },
  "to the port of multihop sessions with TTL 64": { bird: "down", verdict: otherPort },
  "from another address, with the right discriminator": {
    frr: "discarded",
    verdict: "RFC 5880 §6.3: the discriminator alone selects, so that an address may change; FRR is stricter",
  },
};
