import type { Condition, Lease, Node, Pod } from "../../kubernetes/resources/index.ts";
import { hasEnded, isReady, timestamp, withCondition } from "./conditions.ts";

const unreachable = "node.kubernetes.io/unreachable";

/**
 * When each node was last heard of, by the clock of who listens: a heartbeat is a lease that has changed, whatever time
 * the node writes into it, so that a node whose clock is wrong is not thought dead.
 */
export class Heartbeats {
  readonly #heard = new Map<string, { readonly renewTime: string; readonly atMs: number }>();

  /** To be called with each change of a node's lease. */
  take(lease: Lease, nowMs: number): void {
    const { name } = lease.metadata;
    const renewTime = lease.spec?.renewTime ?? "";
    if (this.#heard.get(name)?.renewTime !== renewTime) this.#heard.set(name, { renewTime, atMs: nowMs });
  }

  /** Nothing was heard of the node for `graceMs`. One that was never heard of is given that long from now on. */
  isSilent(node: string, nowMs: number, graceMs: number): boolean {
    const heard = this.#heard.get(node);
    if (heard === undefined) this.#heard.set(node, { renewTime: "", atMs: nowMs });
    return heard !== undefined && nowMs - heard.atMs >= graceMs;
  }
}

export interface NodeChange {
  readonly conditions?: readonly Condition[];
  readonly taints?: NonNullable<Node["spec"]["taints"]>;
}

/**
 * What the cluster has to say of a node by its silence; `undefined` where it is said already. That a node is ready
 * again is for its kubelet to say: then the taint goes.
 */
export function nodeChange(node: Node, silent: boolean, now: Date): NodeChange | undefined {
  const taints = node.spec.taints ?? [];
  const others = taints.filter((taint) => taint.key !== unreachable);
  if (silent) {
    const ready = node.status?.conditions?.find((each) => each.type === "Ready");
    if (ready?.status === "Unknown" && others.length < taints.length) return undefined;
    const unknown = {
      type: "Ready",
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    } as const;
    const effects = ["NoSchedule", "NoExecute"];
    return {
      conditions: withCondition(node.status?.conditions, unknown, now),
      taints: [...others, ...effects.map((effect) => ({ key: unreachable, effect }))],
    };
  }
  return isReady(node) && others.length < taints.length ? { taints: others } : undefined;
}

/** The pods of a silent node that are still called ready, each with the conditions that say otherwise. */
export function podsOfSilentNode(
  node: string,
  pods: readonly Pod[],
  now: Date,
): { readonly pod: Pod; readonly conditions: readonly Condition[] }[] {
  return pods
    .filter((pod) => pod.spec.nodeName === node && isReady(pod) && !hasEnded(pod))
    .map((pod) => ({
      pod,
      conditions: withCondition(
        pod.status?.conditions,
        { type: "Ready", status: "False", reason: "NodeNotReady" },
        now,
      ),
    }));
}

/** What a kubelet says of its node while it lives. */
export function readyNodeStatus(node: Node | undefined, address: string, now: Date): NonNullable<Node["status"]> {
  const ready = {
    type: "Ready",
    status: "True",
    reason: "KubeletReady",
    message: "The lab's kubelet is running.",
  } as const;
  const conditions = withCondition(node?.status?.conditions, ready, now);
  return {
    addresses: [
      { type: "InternalIP", address },
      { type: "Hostname", address: node?.metadata.name ?? address },
    ],
    conditions: conditions.map((each) =>
      each.type === "Ready" ? { ...each, lastHeartbeatTime: timestamp(now) } : each,
    ),
  };
}
