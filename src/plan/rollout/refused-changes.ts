import type { Rollout } from "../../kubernetes/resources/index.ts";
import type { RolloutReason } from "../reason.ts";
import { changedFields, type ChangedField } from "./changed-fields.ts";
import { readTrimmedObjects } from "./written.ts";

/** Every change that is not in force because a node has taken it back: one for each field of what is written. */
export function refusedChanges({ kept, refused }: Rollout["spec"], text: string | undefined): RolloutReason[] {
  if (refused === undefined) return [];
  const { node, why } = refused;
  const { code, peer, state = "Idle", lastError, announced = 0, expected = 0 } = why;
  return changedFields(readTrimmedObjects(kept.objects), readTrimmedObjects(text)).map(
    (change: ChangedField): RolloutReason =>
      code === "sessionLost"
        ? { ...change, node, peer, code: "rollout.sessionLost", state, lastError }
        : { ...change, node, peer, code: "rollout.routesLost", announced, expected },
  );
}
