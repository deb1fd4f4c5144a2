import type { Pod } from "../../kubernetes/resources/index.ts";
import { timestamp, withCondition } from "./conditions.ts";

/** What a kubelet knows of one of its pods. */
export type PodState =
  | { readonly phase: "starting" }
  | { readonly phase: "running"; readonly addresses: readonly string[]; readonly answers: boolean }
  | { readonly phase: "failed"; readonly message: string };

/** The status that a kubelet writes for a pod. Whether a pod is ending is no part of it: it may answer until the last. */
export function podStatus(pod: Pod, state: PodState, hostIP: string, now: Date): NonNullable<Pod["status"]> {
  const startTime = pod.status?.startTime ?? timestamp(now);
  const answers = state.phase === "running" && state.answers;
  const why = answers ? {} : { reason: "ContainersNotReady", message: messageOf(state) };
  let conditions = pod.status?.conditions;
  for (const type of ["ContainersReady", "Ready"]) {
    conditions = withCondition(conditions, { type, status: answers ? "True" : "False", ...why }, now);
  }
  const addresses = state.phase === "running" ? state.addresses : [];
  return {
    phase: state.phase === "running" ? "Running" : "Pending",
    hostIP,
    startTime,
    containerStatuses: pod.spec.containers.map(({ name, image = "" }) => ({
      name,
      image,
      imageID: "",
      ready: answers,
      started: answers,
      restartCount: 0,
      state: state.phase === "running" ? { running: { startedAt: startTime } } : {},
    })),
    ...(addresses[0] === undefined ? {} : { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function messageOf(state: PodState): string {
  switch (state.phase) {
    case "starting":
      return "The pod is being made.";
    case "running":
      return "The pod does not answer yet.";
    case "failed":
      return state.message;
  }
}
