import { selectsLabels, type Node, type Pod } from "../../kubernetes/resources/index.ts";
import { isActive, isReady } from "./conditions.ts";

/**
 * The node for a pod that has none: of those that take it, the one with the fewest pods of the same owner, then the
 * fewest pods, then the first by name. `undefined` where no node takes it.
 */
export function chooseNode(pod: Pod, nodes: readonly Node[], pods: readonly Pod[]): string | undefined {
  const owner = ownerOf(pod);
  const candidates = nodes
    .filter((node) => takes(node, pod))
    .map((node) => {
      const there = pods.filter((each) => each.spec.nodeName === node.metadata.name && isActive(each));
      const siblings = owner === undefined ? 0 : there.filter((each) => ownerOf(each) === owner).length;
      return { name: node.metadata.name, siblings, pods: there.length };
    });
  candidates.sort((a, b) => a.siblings - b.siblings || a.pods - b.pods || (a.name < b.name ? -1 : 1));
  return candidates[0]?.name;
}

function ownerOf(pod: Pod): string | undefined {
  return pod.metadata.ownerReferences?.find((each) => each.controller === true)?.uid;
}

function takes(node: Node, pod: Pod): boolean {
  if (!isReady(node) || node.spec.unschedulable === true || node.metadata.deletionTimestamp !== undefined) return false;
  if (!selectsLabels(pod.spec.nodeSelector ?? {}, node.metadata.labels)) return false;
  return (node.spec.taints ?? []).every((taint) => taint.effect === "PreferNoSchedule" || isTolerated(taint, pod));
}

type Taint = NonNullable<Node["spec"]["taints"]>[number];

function isTolerated(taint: Taint, pod: Pod): boolean {
  return (pod.spec.tolerations ?? []).some(
    ({ key, operator, value, effect }) =>
      (effect === undefined || effect === "" || effect === taint.effect) &&
      // Without a key `Exists` tolerates everything.
      (key === undefined || key === "" ? operator === "Exists" : key === taint.key) &&
      (operator === "Exists" || (value ?? "") === (taint.value ?? "")),
  );
}
