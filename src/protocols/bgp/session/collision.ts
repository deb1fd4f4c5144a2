import type { ResolvedPeerConfig } from "../config.ts";
import type { Session } from "./session.ts";

/**
 * RFC 4271 §6.8: of two connections between the same speakers the one stays that was opened by the speaker with the
 * higher identifier, or with equal identifiers, by the one with the higher AS number (RFC 6286 §2.3). Returns the session
 * to close.
 */
export function loserOf(newcomer: Session, other: Session, config: ResolvedPeerConfig): Session {
  // An established session stays, whoever opened it: the RFC's default.
  if (other.state === "established") return newcomer;
  // Both opened by the same side: it has given up the older.
  if (newcomer.incoming === other.incoming) return other;
  const theirs = newcomer.negotiated;
  const ourId = config.routerId.value;
  const theirId = theirs?.peerRouterId.value ?? 0;
  const theyWin = theirId === ourId ? (theirs?.peerAsn ?? 0) > config.localAsn : theirId > ourId;
  return newcomer.incoming === theyWin ? other : newcomer;
}
