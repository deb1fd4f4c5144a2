import type { LostEvidence } from "../../kubernetes/resources/index.ts";
import { missingEvidence, type NodePlan, type RouteCount, type SessionSight, type Trial } from "../../plan/index.ts";
import { describeSessionError, type PeerStatus } from "../../protocols/bgp/index.ts";
import { stateNames } from "../session-state.ts";

type SessionError = NonNullable<PeerStatus["lastError"]>;

/** What the sessions of one trial show. */
export class SessionEvidence {
  readonly #since: number;
  /** How many routes each peer had been announced before, by family. */
  readonly #before: ReadonlyMap<string, RouteCount>;
  /** What each session has said since that tells most. */
  readonly #said = new Map<string, SessionError>();

  /** `statuses` as they are before the change is in force, at the moment `since` of the sessions' clock. */
  constructor(statuses: readonly PeerStatus[], since: number) {
    this.#since = since;
    this.#before = new Map(statuses.map(({ name, prefixes }) => [name, prefixes.sent]));
  }

  /** What was there before, is still meant to be there, and is not. */
  missing({ atStake }: Trial, plan: NodePlan | undefined, statuses: readonly PeerStatus[]): LostEvidence | undefined {
    const [first] = atStake;
    // An agent that has just started has no plan yet, and knows nothing.
    if (plan === undefined)
      return first === undefined ? undefined : { code: "sessionLost", peer: first, state: "Idle" };
    for (const { name, lastError } of statuses) this.#hear(name, lastError);
    const planned = new Map([...plan.sessions].map(([peer, { routes }]) => [peer, countOf(routes.values())]));
    const seen = new Map(statuses.map((status) => [status.name, this.#sightOf(status)]));
    return missingEvidence({ atStake, before: this.#before, planned, seen });
  }

  /** Why a session ended is told by its first NOTIFICATION; what comes of opening it again tells less. */
  #hear(peer: string, error: SessionError | undefined): void {
    if (error === undefined || error.at < this.#since) return;
    const known = this.#said.get(peer);
    if (known === undefined || !isTelling(known)) this.#said.set(peer, error);
  }

  #sightOf({ name, state, prefixes }: PeerStatus): SessionSight {
    const said = this.#said.get(name);
    return {
      state: stateNames[state],
      announced: prefixes.sent,
      ...(said === undefined ? {} : { lastError: describeSessionError(said) }),
    };
  }
}

/** A NOTIFICATION, but for that of two connections one was enough (RFC 4486: Connection Collision Resolution). */
function isTelling(error: SessionError): boolean {
  if (error.code !== "notification.sent" && error.code !== "notification.received") return false;
  const { code, subcode } = error.notification;
  return code !== 6 || subcode !== 7;
}

function countOf(routes: Iterable<{ readonly prefix: { readonly address: { readonly family: 4 | 6 } } }>): RouteCount {
  const count = { 4: 0, 6: 0 };
  for (const { prefix } of routes) count[prefix.address.family] += 1;
  return count;
}
