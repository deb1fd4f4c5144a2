import { parsePrefix } from "../../net/index.ts";
import { ownAnnotations, type BGPPeer } from "../../kubernetes/resources/index.ts";
import type { Complain } from "./complaint.ts";
import type { PeerReach, SourceChoice } from "./configuration.ts";

/** The annotation's word: a prefix has a slash, and the name of a link has none. */
export function readSourceChoice(
  { metadata, spec }: BGPPeer,
  reach: PeerReach | undefined,
  complain: Complain,
): SourceChoice | undefined {
  const text = metadata.annotations?.[ownAnnotations.sourceFrom];
  if (text === undefined) return undefined;
  const wrong = (expected: string) => complain(`metadata.annotations[${ownAnnotations.sourceFrom}]`, text, expected);
  if (spec.sourceAddress !== undefined) wrong("must be left out where there is a sourceAddress");
  if (reach?.by === "interface") wrong("must be left out for a router on a link of the node");
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    if (/^[^\s/]{1,15}$/.test(text)) return { by: "link", link: text };
    wrong("must be the name of a link, or a prefix");
    return undefined;
  }
  if (reach?.by === "address" && prefix.address.family !== reach.address.family) {
    wrong("must be of the family of peerAddress");
  }
  return { by: "prefix", prefix };
}
