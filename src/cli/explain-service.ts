import { formatAddress } from "../net/index.ts";
import { inForceOn, plansByNode, rolloutView, type RolloutView } from "./rollout-view.ts";
import {
  describe,
  type AllocationReason,
  type AnnouncementReason,
  type ConfigurationReason,
  type EndpointReason,
  type Reason,
} from "../plan/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";
import { keyOf, type EndpointSlice } from "../kubernetes/resources/index.ts";
import { silentNodes } from "./silent-nodes.ts";

interface Said<Some> {
  readonly reason: Some;
  /** The same for people. */
  readonly text: string;
}

export interface SessionView {
  readonly peer: string;
  /** As the node's agent reports it; `Unreported` where it does not. */
  readonly state: string;
  readonly since: string | undefined;
  readonly prefixes: number | undefined;
  readonly gracefulRestart: boolean;
  readonly lastError: string | undefined;
  readonly lastErrorTime: string | undefined;
}

export interface NodeView {
  readonly node: string;
  /** Undefined where the configuration is wrong and nothing was ever kept: what is in force the agents alone know. */
  readonly announces: boolean | undefined;
  /** The configuration that it uses, where there are two. */
  readonly configuration: string | undefined;
  readonly reasons: readonly Said<AnnouncementReason>[];
  readonly sessions: readonly SessionView[];
}

export interface EndpointView {
  readonly address: string;
  readonly node: string | undefined;
  readonly pod: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Why nodes send nothing there all the same. */
  readonly leftOut: Said<EndpointReason> | undefined;
}

export interface ServiceExplanation {
  readonly service: string;
  readonly addresses: readonly string[];
  readonly allocation: readonly Said<AllocationReason>[];
  /** Whether what is written is refused for its problems, and the last good configuration is in force. */
  readonly isRefused: boolean;
  readonly problems: readonly Said<ConfigurationReason>[];
  readonly configuration: RolloutView | undefined;
  readonly externalTrafficPolicy: string;
  readonly nodes: readonly NodeView[];
  readonly endpoints: readonly EndpointView[];
}

/** All that can be said of one Service, from one snapshot. Throws where there is no such Service. */
export function explainService(whole: WholeSnapshot, key: string): ServiceExplanation {
  const service = whole.services.find((each) => keyOf(each) === key);
  if (service === undefined) throw new Error(`Service ${key}: there is none of this name`);
  const plans = plansByNode(whole);
  const decided = plans.kept;
  const isKnown = whole.snapshot.configuration !== undefined;
  const decision = decided.allocations.get(key);
  const slices = whole.endpointSlices.filter(
    (slice) =>
      keyOf({
        metadata: {
          name: slice.metadata.labels?.["kubernetes.io/service-name"] ?? "",
          namespace: slice.metadata.namespace,
        },
      }) === key,
  );
  return {
    service: key,
    addresses: (decision?.addresses ?? []).map(formatAddress),
    allocation: (decision?.reasons ?? []).map(said),
    isRefused: !whole.read.ok,
    problems: whole.read.problems.map(said),
    configuration: rolloutView(whole),
    externalTrafficPolicy: service.spec.externalTrafficPolicy ?? "Cluster",
    nodes: whole.nodes.map(({ metadata: { name: node } }) => {
      const reasons = isKnown ? plans.of(node).explain(key, node) : [];
      return {
        node,
        announces: isKnown ? reasons.some((reason) => reason.code === "node.announces") : undefined,
        configuration: inForceOn(whole, node),
        reasons: reasons.map(said),
        sessions: sessionsOf(whole, plans.of(node).planFor(node)?.sessions.keys() ?? [], node),
      };
    }),
    endpoints: endpointsOf(slices, silentNodes(whole)),
  };
}

function endpointsOf(
  slices: readonly EndpointSlice[],
  silent: ReadonlyMap<string, EndpointReason>,
): readonly EndpointView[] {
  const all = slices.flatMap(({ endpoints }) => endpoints ?? []);
  // A report never takes the last endpoint away.
  const isAnyLeft = all.some(({ nodeName = "", conditions }) => (conditions.ready ?? true) && !silent.has(nodeName));
  return all.flatMap(({ addresses, nodeName, targetRef, conditions }) => {
    const reason = isAnyLeft ? silent.get(nodeName ?? "") : undefined;
    return addresses.map((address) => ({
      address,
      node: nodeName,
      pod: targetRef?.kind === "Pod" ? targetRef.name : undefined,
      ready: conditions.ready ?? true,
      serving: conditions.serving ?? conditions.ready ?? true,
      terminating: conditions.terminating ?? false,
      leftOut: reason && said(reason),
    }));
  });
}

/** The sessions that a node should have, and those that it reports beside them. */
export function sessionsOf({ reports }: WholeSnapshot, peers: Iterable<string>, node: string): SessionView[] {
  const reported = reports.get(node)?.status?.sessions ?? [];
  return [...new Set([...peers, ...reported.map((each) => each.peer)])].map((peer) => {
    const session = reported.find((each) => each.peer === peer);
    return {
      peer,
      state: session?.state ?? "Unreported",
      since: session?.since,
      prefixes: session?.prefixes,
      gracefulRestart: session?.gracefulRestart ?? false,
      lastError: session?.lastError,
      lastErrorTime: session?.lastErrorTime,
    };
  });
}

function said<Some extends Reason>(reason: Some): Said<Some> {
  return { reason, text: describe(reason) };
}
