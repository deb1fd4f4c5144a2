import { randomInt } from "node:crypto";
import { selects, type Pod, type ReplicaSet } from "../../kubernetes/resources/index.ts";
import { isActive, isReady } from "./conditions.ts";

export interface ReplicaSetPlan {
  /** How many pods are missing. */
  readonly create: number;
  /** The pods that are too many. */
  readonly remove: readonly Pod[];
  readonly status: NonNullable<ReplicaSet["status"]>;
}

/** What a set lacks, given all pods of its namespace. A pod that is ending counts no more: its successor comes at once. */
export function planReplicaSet(set: ReplicaSet, pods: readonly Pod[]): ReplicaSetPlan {
  const own = pods.filter((pod) => isActive(pod) && isOwnedBy(pod, set));
  const ready = own.filter(isReady).length;
  const wanted = set.metadata.deletionTimestamp === undefined ? set.spec.replicas : 0;
  return {
    create: Math.max(0, wanted - own.length),
    remove: own.sort(dearest).slice(wanted),
    status: { replicas: own.length, readyReplicas: ready, availableReplicas: ready },
  };
}

export function isOwnedBy(pod: Pod, set: ReplicaSet): boolean {
  const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true);
  return owner !== undefined && owner.uid === set.metadata.uid && selects(set.spec.selector, pod.metadata.labels);
}

/** The pods of a set of this name that is gone, also where another has its name by now (`uid`): they go with it. */
export function leftBehind(name: string, uid: string | undefined, pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) => {
    const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true);
    const isOfTheName = owner?.kind === "ReplicaSet" && owner.name === name;
    return isOfTheName && owner.uid !== uid && pod.metadata.deletionTimestamp === undefined;
  });
}

/** Those to keep come first: on a node before waiting for one, ready before not, old before new. */
function dearest(a: Pod, b: Pod): number {
  return (
    Number(b.spec.nodeName !== undefined) - Number(a.spec.nodeName !== undefined) ||
    Number(isReady(b)) - Number(isReady(a)) ||
    compare(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compare(a.metadata.name, b.metadata.name)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A pod as the set's template has it. */
export function podFrom(set: ReplicaSet, suffix: string): Pod {
  const { name, namespace, uid } = set.metadata;
  const { metadata, spec } = set.spec.template;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-${suffix}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: uid ?? "", controller: true, blockOwnerDeletion: true },
      ],
    },
    spec,
  };
}

/** Five letters and digits that make no words, for there are no vowels among them, and none that look alike. */
export function randomSuffix(): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
}
