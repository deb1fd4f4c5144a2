import type { Condition, Node, Pod } from "../../kubernetes/resources/index.ts";

/** The list with `wanted` in it. The time of the last transition moves only where the status does, as Kubernetes has it. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  wanted: Omit<Condition, "lastTransitionTime">,
  now: Date,
): Condition[] {
  const old = conditions?.find((each) => each.type === wanted.type);
  const unchanged = old?.status === wanted.status ? old.lastTransitionTime : undefined;
  const next = { ...wanted, lastTransitionTime: unchanged ?? timestamp(now) };
  if (old === undefined) return [...(conditions ?? []), next];
  return (conditions ?? []).map((each) => (each === old ? next : each));
}

/** Kubernetes' timestamps have whole seconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function isReady(object: Pod | Node): boolean {
  return object.status?.conditions?.find((each) => each.type === "Ready")?.status === "True";
}

/** It has not been asked to end, and it has not ended by itself. */
export function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !hasEnded(pod);
}

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
}
