import type { Rollout } from "../../kubernetes/resources/index.ts";

/** A node's leave to try what is written, and what must be there afterwards. */
export interface Trial {
  readonly attempt: number;
  readonly revision: string;
  readonly atStake: readonly string[];
}

/** Which configuration is to be used: what is written now, in a trial or for good, or what was kept. */
export type InForce = { readonly use: "written"; readonly trial: Trial | undefined } | { readonly use: "kept" };

/**
 * What `node` is to use, by the Rollout and the revision of what is written (undefined while that is wrong).
 * `takenBack` is the attempt that it has given up by itself. Whoever is no node never tries anything.
 */
export function inForce(
  { kept, candidate }: Rollout["spec"],
  written: string | undefined,
  node: string | undefined,
  takenBack: number | undefined,
): InForce {
  if (written === kept.revision) return { use: "written", trial: undefined };
  if (candidate === undefined || candidate.revision !== written || candidate.attempt === takenBack)
    return { use: "kept" };
  const permit = candidate.permits.find((each) => each.node === node);
  if (permit === undefined) return { use: "kept" };
  const { attempt, revision } = candidate;
  return { use: "written", trial: { attempt, revision, atStake: permit.atStake } };
}
