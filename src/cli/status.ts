import { formatAddress } from "../net/index.ts";
import { assignedAddresses, describe, type EndpointReason } from "../plan/index.ts";
import { keyOf } from "../kubernetes/resources/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";
import { plansByNode, rolloutView, type RolloutView } from "./rollout-view.ts";
import { sessionsOf, type SessionView } from "./explain-service.ts";
import { silentNodes } from "./silent-nodes.ts";

export interface ClusterStatus {
  /** Whether what is written is refused for its problems, and the last good configuration is in force. */
  readonly isRefused: boolean;
  readonly problems: readonly string[];
  /** Undefined where nothing was ever kept. */
  readonly configuration: RolloutView | undefined;
  /** Whether it is known what is in force. */
  readonly isKnown: boolean;
  readonly services: readonly {
    readonly service: string;
    readonly addresses: readonly string[];
    readonly pool: string | undefined;
    /** The nodes that announce it on a session that is established. */
    readonly announcers: readonly string[];
    /** Why there is no address, or nobody announces it. */
    readonly why: readonly string[];
  }[];
  /** Nodes whose endpoints others leave out, because they do not answer. */
  readonly silentNodes: readonly EndpointReason[];
  readonly nodes: readonly { readonly node: string; readonly sessions: readonly SessionView[] }[];
}

/** Addresses, announcers and sessions, from one snapshot. */
export function statusOf(whole: WholeSnapshot): ClusterStatus {
  const plans = plansByNode(whole);
  const decided = plans.kept;
  const isKnown = whole.snapshot.configuration !== undefined;
  const nodes = whole.nodes.map(({ metadata: { name: node } }) => ({
    node,
    sessions: sessionsOf(whole, plans.of(node).planFor(node)?.sessions.keys() ?? [], node),
  }));
  const isUp = (node: string, peer: string) =>
    nodes.some(
      (each) => each.node === node && each.sessions.some((one) => one.peer === peer && one.state === "Established"),
    );
  const services = whole.services.filter((service) => service.spec.type === "LoadBalancer");
  return {
    isRefused: !whole.read.ok,
    problems: whole.read.problems.map(describe),
    configuration: rolloutView(whole),
    isKnown,
    services: services.map((service) => {
      const key = keyOf(service);
      const decision = decided.allocations.get(key);
      const addresses = assignedAddresses(service).map(formatAddress);
      const announcers = nodes
        .map(({ node }) => node)
        .filter((node) =>
          plans
            .of(node)
            .explain(key, node)
            .some((each) => each.code === "node.announces" && isUp(node, each.peer)),
        );
      const reasons =
        addresses.length === 0 ? (decision?.reasons ?? []) : (decided.announcements.get(key)?.reasons ?? []);
      const why = announcers.length > 0 || !isKnown ? [] : reasons.map(describe);
      return { service: key, addresses, pool: decision?.pool, announcers, why };
    }),
    silentNodes: [...silentNodes(whole).values()],
    nodes,
  };
}
