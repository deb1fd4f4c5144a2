import { keyOf, type BGPPeer, type NodeReport } from "../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../plan/index.ts";

/** What only a session shows to be wrong: that the router has another AS number than its BGPPeer says. */
export function reportedProblems(peers: Iterable<BGPPeer>, reports: Iterable<NodeReport>): ConfigurationReason[] {
  const sessions = [...reports].flatMap(({ metadata, status }) =>
    (status?.sessions ?? []).map((session) => ({ node: metadata.name, ...session })),
  );
  return [...peers].flatMap((peer): ConfigurationReason[] => {
    const { peerASN } = peer.spec;
    const refused = sessions.find(
      ({ peer: name, state, namedAS }) =>
        name === peer.metadata.name && state !== "Established" && namedAS !== undefined && namedAS !== peerASN,
    );
    if (refused === undefined) return [];
    const expected = `must be ${refused.namedAS}: the router names that AS number in its OPEN to node ${refused.node}`;
    const object = `BGPPeer ${keyOf(peer)}`;
    return [{ code: "configuration.field", object, field: "spec.peerASN", value: String(peerASN), expected }];
  });
}
