import { formatAddress, type Ipv4Address } from "../../../net/index.ts";
import { encodeAttribute } from "../codec/attribute-encoder.ts";
import { wellKnownCommunities } from "../codec/communities.ts";
import {
  asTrans,
  maxMessageLength,
  type CodecContext,
  type ExtendedCommunity,
  type PathAttribute,
} from "../codec/messages.ts";
import { Writer } from "../codec/wire.ts";
import type { RouteContext } from "./route-context.ts";
import type { RouteAttributes } from "./route.ts";

/** RFC 4271 §5.1.5 leaves the number to us; 100 is what everybody takes. */
const defaultLocalPref = 100;

/**
 * What goes with a route on the wire, in the order of the codes (RFC 4271 §5), but for a next hop that travels in
 * MP_REACH_NLRI.
 */
export function pathAttributes(
  route: RouteAttributes,
  nextHop: Ipv4Address | undefined,
  context: RouteContext,
): PathAttribute[] {
  const attributes: PathAttribute[] = [{ type: "origin", origin: route.origin ?? "incomplete" }];
  const path = context.internal ? [] : Array.from({ length: 1 + (route.prepend ?? 0) }, () => context.localAsn);
  attributes.push({ type: "as-path", segments: segmentsOf(path, context.fourOctetAs) });
  if (nextHop !== undefined) attributes.push({ type: "next-hop", address: nextHop });
  if (route.med !== undefined) attributes.push({ type: "multi-exit-disc", value: route.med });
  if (context.internal) {
    attributes.push({ type: "local-pref", value: context.isLeaving ? 0 : (route.localPref ?? defaultLocalPref) });
  }
  const leaving = context.isLeaving ? [wellKnownCommunities["graceful-shutdown"]] : [];
  const communities = sortedSet([...(route.communities ?? []), ...leaving]);
  if (communities.length > 0) attributes.push({ type: "communities", values: communities });
  if (route.extendedCommunities !== undefined && route.extendedCommunities.length > 0) {
    attributes.push({ type: "extended-communities", values: route.extendedCommunities });
  }
  // RFC 6793 §4.2.2: a speaker of two octets passes the true numbers on in AS4_PATH.
  if (!context.fourOctetAs && path.some((asn) => asn > 0xffff)) {
    attributes.push({ type: "as4-path", segments: segmentsOf(path, true) });
  }
  if (route.largeCommunities !== undefined && route.largeCommunities.length > 0) {
    const byText = new Map(route.largeCommunities.map((community) => [community.join(":"), community]));
    attributes.push({ type: "large-communities", values: [...byText.values()].sort(compareParts) });
  }
  return attributes;
}

/** Their bytes; `undefined` if not even one message holds them. */
export function encodeAttributes(attributes: readonly PathAttribute[], context: CodecContext): Uint8Array | undefined {
  const out = new Writer(context.maxMessageLength ?? maxMessageLength);
  try {
    for (const attribute of attributes) encodeAttribute(attribute, context, out);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return out.take();
}

/** The same text exactly for attributes that mean the same. */
export function attributesKey(route: RouteAttributes): string {
  const { origin, nextHop, med, localPref, communities = [], largeCommunities = [] } = route;
  const { extendedCommunities = [], prepend = 0 } = route;
  return JSON.stringify([
    origin ?? "incomplete",
    nextHop === undefined ? "" : formatAddress(nextHop),
    med ?? "",
    localPref ?? defaultLocalPref,
    sortedSet(communities),
    [...new Set(largeCommunities.map((community) => community.join(":")))].sort(),
    extendedCommunities.map(extendedCommunityKey),
    prepend,
  ]);
}

function extendedCommunityKey(community: ExtendedCommunity): string {
  if (community.type === "unknown") return Buffer.from(community.octets).toString("hex");
  const value = community.type === "link-bandwidth" ? community.bytesPerSecond : community.value;
  return `${community.type}:${community.asn}:${value}`;
}

function segmentsOf(path: readonly number[], fourOctets: boolean) {
  if (path.length === 0) return [];
  return [{ type: "sequence" as const, asns: path.map((asn) => (fourOctets || asn <= 0xffff ? asn : asTrans)) }];
}

function sortedSet(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function compareParts(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((part, index) => part !== b[index]);
  return differing < 0 ? 0 : (a[differing] ?? 0) - (b[differing] ?? 0);
}
