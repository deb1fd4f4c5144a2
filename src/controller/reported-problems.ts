import { keyOf, type BGPPeer, type NodeReport } from "../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../plan/index.ts";

/** What only a session shows to be wrong: that the router has another AS number than its BGPPeer says. */
export function reportedProblems(peers: Iterable<BGPPeer>, reports: Iterable<NodeReport>): ConfigurationReason[] {
  const sessions = [...reports].flatMap(({ metadata, status }) =>
    (status?.sessions ?? []).map((session) => ({ node: metadata.name, ...session })),
  );
  return [...peers].flatMap((peer): ConfigurationReason[] => {
    const { peerASN, dynamicASN } = peer.spec;
    const refused = sessions.find(
      ({ peer: name, state, namedAS }) =>
        name === peer.metadata.name && state !== "Established" && namedAS !== undefined && namedAS !== peerASN,
    );
    if (refused === undefined) return [];
    const right = dynamicASN === undefined ? refused.namedAS : dynamicASN === "internal" ? "external" : "internal";
    const named = dynamicASN === undefined ? "that AS number" : `AS number ${refused.namedAS}`;
    const expected = `must be ${right}: the router names ${named} in its OPEN to node ${refused.node}`;
    const object = `BGPPeer ${keyOf(peer)}`;
    const field = dynamicASN === undefined ? "spec.peerASN" : "spec.dynamicASN";
    return [{ code: "configuration.field", object, field, value: String(dynamicASN ?? peerASN), expected }];
  });
}
