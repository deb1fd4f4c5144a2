import type { LostEvidence } from "../../kubernetes/resources/index.ts";
import type { AddressFamily } from "../../net/index.ts";

/** Routes by family. */
export type RouteCount = Readonly<Record<AddressFamily, number>>;

/** What is seen of one session. */
export interface SessionSight {
  readonly state: string;
  readonly announced: RouteCount;
  readonly lastError?: string | undefined;
}

export interface EvidenceSought {
  /** The peers whose sessions were there before. */
  readonly atStake: readonly string[];
  /** How much each of them was announced before, as far as it is known. */
  readonly before: ReadonlyMap<string, RouteCount>;
  /** What the node means to announce now, by peer: one that is not named is not wanted any more. */
  readonly planned: ReadonlyMap<string, RouteCount>;
  readonly seen: ReadonlyMap<string, SessionSight>;
}

/**
 * The first thing that was there before a change, is still meant to be there, and is not; undefined if there is none.
 * What the user took away (a peer, a pool's routes) is meant, and a session that never was proves nothing.
 */
export function missingEvidence({ atStake, before, planned, seen }: EvidenceSought): LostEvidence | undefined {
  for (const peer of atStake) {
    const wanted = planned.get(peer);
    if (wanted === undefined) continue;
    const { state = "Idle", announced, lastError } = seen.get(peer) ?? {};
    if (state !== "Established") {
      return { code: "sessionLost", peer, state, ...(lastError === undefined ? {} : { lastError }) };
    }
    const was = before.get(peer);
    for (const family of [4, 6] as const) {
      const expected = Math.min(was?.[family] ?? 0, wanted[family]);
      const now = announced?.[family] ?? 0;
      if (now < expected) return { code: "routesLost", peer, announced: now, expected };
    }
  }
  return undefined;
}
