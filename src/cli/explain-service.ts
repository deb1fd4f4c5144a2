import { formatAddress } from "../net/index.ts";
import {
  describe,
  plan,
  type AllocationReason,
  type AnnouncementReason,
  type ConfigurationReason,
} from "../plan/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";
import { keyOf } from "../kubernetes/resources/index.ts";

interface Said<Reason> {
  readonly reason: Reason;
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
  /** Undefined while the configuration is wrong: the last good one is known to the agents alone. */
  readonly announces: boolean | undefined;
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
}

export interface ServiceExplanation {
  readonly service: string;
  readonly addresses: readonly string[];
  readonly allocation: readonly Said<AllocationReason>[];
  /** Whether what is written is refused for its problems, and the last good configuration is in force. */
  readonly isRefused: boolean;
  readonly problems: readonly Said<ConfigurationReason>[];
  readonly externalTrafficPolicy: string;
  readonly nodes: readonly NodeView[];
  readonly endpoints: readonly EndpointView[];
}

/** All that can be said of one Service, from one snapshot. Throws where there is no such Service. */
export function explainService(whole: WholeSnapshot, key: string): ServiceExplanation {
  const service = whole.services.find((each) => keyOf(each) === key);
  if (service === undefined) throw new Error(`Service ${key}: there is none of this name`);
  const decided = plan(whole.snapshot);
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
    externalTrafficPolicy: service.spec.externalTrafficPolicy ?? "Cluster",
    nodes: whole.nodes.map(({ metadata: { name: node } }) => {
      const reasons = whole.read.ok ? decided.explain(key, node) : [];
      return {
        node,
        announces: whole.read.ok ? reasons.some((reason) => reason.code === "node.announces") : undefined,
        reasons: reasons.map(said),
        sessions: sessionsOf(whole, decided.planFor(node)?.sessions.keys() ?? [], node),
      };
    }),
    endpoints: slices.flatMap((slice) =>
      (slice.endpoints ?? []).flatMap(({ addresses, nodeName, targetRef, conditions }) =>
        addresses.map((address) => ({
          address,
          node: nodeName,
          pod: targetRef?.kind === "Pod" ? targetRef.name : undefined,
          ready: conditions.ready ?? true,
          serving: conditions.serving ?? conditions.ready ?? true,
          terminating: conditions.terminating ?? false,
        })),
      ),
    ),
  };
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

function said<Reason extends AllocationReason | AnnouncementReason | ConfigurationReason>(
  reason: Reason,
): Said<Reason> {
  return { reason, text: describe(reason) };
}
