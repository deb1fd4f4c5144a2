import type { Pod } from "../../kubernetes/resources/index.ts";

/** The node that a pod runs on, as its containers may ask for it. */
export interface PodNode {
  readonly name: string;
  readonly address: string;
}

/** The environment of a pod's first container, as `NAME=VALUE`. */
export function environmentOf(pod: Pod, node: PodNode): string[] {
  const [container] = pod.spec.containers;
  return (container?.env ?? []).map(
    ({ name, value, valueFrom }) => `${name}=${value ?? fieldOf(pod, node, valueFrom?.fieldRef?.fieldPath)}`,
  );
}

/** The downward API, as far as these pods ask it. */
function fieldOf({ metadata }: Pod, node: PodNode, path: string | undefined): string {
  switch (path) {
    case "spec.nodeName":
      return node.name;
    case "status.hostIP":
      return node.address;
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "default";
    case "metadata.uid":
      return metadata.uid ?? "";
    default:
      return "";
  }
}
