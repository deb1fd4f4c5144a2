import type { Client } from "../kubernetes/client/index.ts";
import { keyOf, type Condition, type Kind, type KubernetesObject } from "../kubernetes/resources/index.ts";
import { describe, type ObjectReason } from "../plan/index.ts";

/** An object of the configuration that has conditions in its status. */
export interface ConfigurationObject extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
}

const conditionType = "Valid";

/** The reason of conditions and events: wrong by itself, or taken back by a node that tried it. */
export function complaintOf(problems: readonly ObjectReason[]): "ConfigurationError" | "RolloutRefused" {
  return problems.every(({ code }) => code.startsWith("rollout.")) ? "RolloutRefused" : "ConfigurationError";
}

/** Says on each object of the configuration whether it is in force; writes only what is not there yet. */
export async function writeCondition(
  client: Client,
  kind: Kind,
  object: ConfigurationObject,
  problems: readonly ObjectReason[],
  now: () => Date,
  signal: AbortSignal,
): Promise<void> {
  const mine = problems.filter((problem) => problem.object === `${object.kind} ${keyOf(object)}`);
  const [status, reason] =
    mine.length > 0 ? (["False", complaintOf(mine)] as const) : (["True", "Reconciled"] as const);
  const message = mine.map(describe).join("; ");
  const before = object.status?.conditions?.find((each) => each.type === conditionType);
  const { generation } = object.metadata;
  const isSaid = before?.status === status && (before.message ?? "") === message;
  if (isSaid && before.observedGeneration === generation) return;
  const condition: Condition = {
    type: conditionType,
    status,
    reason,
    message,
    lastTransitionTime:
      before?.status === status ? (before.lastTransitionTime ?? now().toISOString()) : now().toISOString(),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const others = (object.status?.conditions ?? []).filter((each) => each.type !== conditionType);
  await client.patch(
    kind,
    { namespace: object.metadata.namespace, name: object.metadata.name },
    { type: "merge", body: { status: { conditions: [...others, condition] } } },
    { subresource: "status", signal },
  );
}
