import type { LostEvidence, Rollout } from "../../kubernetes/resources/index.ts";

/** What a Rollout says, but for the objects of what is kept. */
export type RolloutState = Omit<Rollout["spec"], "kept"> & { readonly kept: { readonly revision: string } };

type Candidate = NonNullable<RolloutState["candidate"]>;

/** What is known of one node. */
export interface RolloutNode {
  readonly name: string;
  /** It is Ready, and its agent answers; who does not is neither asked nor waited for. */
  readonly isHeard: boolean;
  /** Whether what is written would change anything on it. */
  readonly isChanged: boolean;
  /** What a change could cost it: the peers that it has a session with now. */
  readonly holds: readonly string[];
  /** What it says of the trial that it took part in last. */
  readonly trial?: { readonly attempt: number; readonly state: string; readonly why?: LostEvidence | undefined };
}

export interface RolloutFacts {
  /** Undefined before there is one. */
  readonly rollout: RolloutState | undefined;
  /** The revision of what is written; undefined while that is wrong. */
  readonly written: string | undefined;
  readonly nodes: readonly RolloutNode[];
  /** What is refused has been so for a while. */
  readonly hasRested: boolean;
}

/**
 * What the Rollout is to say next; the very same object where nothing is to be said. A change goes to one node that
 * would lose by it, alone; on that node's evidence to all; and is kept when all that are heard have given theirs. One
 * node's refusal is a refusal for all. Where nobody has anything to lose, it is kept at once.
 */
export function decideRollout({ rollout, written, nodes, hasRested }: RolloutFacts): RolloutState | undefined {
  if (rollout === undefined) return written === undefined ? undefined : { attempts: 0, kept: { revision: written } };
  const { attempts, kept, candidate, refused } = rollout;
  // An invalid configuration never becomes a candidate; what was refused may be written again afterwards.
  if (written === undefined) {
    return candidate === undefined ? rollout : { attempts, kept, ...(refused === undefined ? {} : { refused }) };
  }
  if (written === kept.revision) {
    return candidate === undefined && refused === undefined ? rollout : { attempts, kept };
  }
  const byName = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const heard = byName.filter((node) => node.isHeard);
  if (candidate?.revision === written) {
    return candidate.stage === "one"
      ? afterFirst(rollout, candidate, byName, heard)
      : afterAll(rollout, candidate, byName, heard);
  }
  if (refused?.revision === written) return retried(rollout, refused, heard, hasRested);
  const first = heard.map((node) => withLostIn(candidate, node)).find(isAtRisk);
  return first === undefined ? keptNow(rollout, written) : triedBy(rollout, written, permitFor(first));
}

/** What a trial that is given up for another has cost is still at stake: it comes back with what was kept. */
function withLostIn(given: Candidate | undefined, node: RolloutNode): RolloutNode {
  const lost = given?.permits.find((permit) => permit.node === node.name)?.atStake ?? [];
  return { ...node, holds: [...new Set([...node.holds, ...lost])] };
}

function isAtRisk({ isChanged, holds }: RolloutNode): boolean {
  return isChanged && holds.length > 0;
}

function permitFor({ name, holds }: RolloutNode): Candidate["permits"][number] {
  return { node: name, atStake: [...holds] };
}

function keptNow({ attempts }: RolloutState, revision: string): RolloutState {
  return { attempts, kept: { revision } };
}

function triedBy(
  { attempts, kept }: RolloutState,
  revision: string,
  permit: Candidate["permits"][number],
): RolloutState {
  const attempt = attempts + 1;
  return { attempts: attempt, kept, candidate: { revision, attempt, stage: "one", permits: [permit] } };
}

function afterFirst(
  rollout: RolloutState,
  candidate: Candidate,
  nodes: readonly RolloutNode[],
  heard: readonly RolloutNode[],
): RolloutState {
  const refusal = refusedBy(rollout, candidate, nodes);
  if (refusal !== undefined) return refusal;
  const first = heard.find((node) => node.name === candidate.permits[0]?.node);
  if (first !== undefined) {
    if (!hasKept(first, candidate)) return rollout;
    return { ...rollout, candidate: { ...candidate, stage: "all", permits: heard.map(permitFor) } };
  }
  const next = heard.find(isAtRisk);
  if (next === undefined) return keptNow(rollout, candidate.revision);
  return { ...rollout, candidate: { ...candidate, permits: [permitFor(next)] } };
}

function afterAll(
  rollout: RolloutState,
  candidate: Candidate,
  nodes: readonly RolloutNode[],
  heard: readonly RolloutNode[],
): RolloutState {
  const refusal = refusedBy(rollout, candidate, nodes);
  if (refusal !== undefined) return refusal;
  const isWaitedFor = (node: RolloutNode) =>
    candidate.permits.some((permit) => permit.node === node.name) && !hasKept(node, candidate);
  return heard.some(isWaitedFor) ? rollout : keptNow(rollout, candidate.revision);
}

/**
 * Refused stays refused while the session that was lost by it is up anywhere. When it is down everywhere, perhaps
 * because the router has been changed to match, the node that refused tries again: the change is kept if that brings
 * the session back, and is refused again if it does not.
 */
function retried(
  rollout: RolloutState,
  refused: NonNullable<RolloutState["refused"]>,
  heard: readonly RolloutNode[],
  hasRested: boolean,
): RolloutState {
  const { peer } = refused.why;
  if (!hasRested || heard.length === 0 || heard.some((node) => node.holds.includes(peer))) return rollout;
  const again = heard.find((node) => node.name === refused.node) ?? heard.find((node) => node.isChanged);
  if (again === undefined) return keptNow(rollout, refused.revision);
  const permit = { node: again.name, atStake: [...again.holds, peer] };
  return { ...triedBy(rollout, refused.revision, permit), refused };
}

function hasKept({ trial }: RolloutNode, { attempt }: Candidate): boolean {
  return trial?.attempt === attempt && trial.state === "kept";
}

function refusedBy(
  { attempts, kept }: RolloutState,
  { revision, attempt, permits }: Candidate,
  nodes: readonly RolloutNode[],
): RolloutState | undefined {
  const refusing = nodes.find(
    ({ name, trial }) =>
      trial?.attempt === attempt && trial.state === "refused" && permits.some((permit) => permit.node === name),
  );
  if (refusing?.trial?.why === undefined) return undefined;
  return { attempts, kept, refused: { revision, node: refusing.name, why: refusing.trial.why } };
}
