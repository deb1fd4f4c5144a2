import type { AddressFamily } from "../../../net/index.ts";
import { extendedLength, origins, registry, segmentTypes } from "./attribute-registry.ts";
import { encodeExtendedCommunity } from "./extended-communities.ts";
import type { AsPathSegment, CodecContext, PathAttribute } from "./messages.ts";
import { encodePrefix } from "./nlri.ts";
import type { Writer } from "./wire.ts";

/** Throws `RangeError` where `out` is full. */
export function encodeAttribute(attribute: PathAttribute, context: CodecContext, out: Writer): void {
  const flags = attribute.type === "unknown" ? attribute.flags : registry[attribute.type].flags;
  const code = attribute.type === "unknown" ? attribute.code : registry[attribute.type].code;
  const isLong = valueOctets(attribute, context) > 255;
  out.u8(isLong ? flags | extendedLength : flags);
  out.u8(code);
  const lengthAt = out.length;
  if (isLong) out.u16(0);
  else out.u8(0);
  const start = out.length;
  encodeValue(attribute, context, out);
  if (isLong) out.patchU16(lengthAt, out.length - start);
  else out.patchU8(lengthAt, out.length - start);
}

/** An upper bound that is exact around 255, where it matters: for all but prefixes, which are counted whole. */
function valueOctets(attribute: PathAttribute, context: CodecContext): number {
  switch (attribute.type) {
    case "as-path":
      return segmentOctets(attribute.segments, context.fourOctetAs);
    case "as4-path":
      return segmentOctets(attribute.segments, true);
    case "communities":
      return 4 * attribute.values.length;
    case "extended-communities":
      return 8 * attribute.values.length;
    case "large-communities":
      return 12 * attribute.values.length;
    case "mp-reach":
    case "mp-unreach":
      return 40 + 17 * attribute.prefixes.length;
    case "unknown":
      return attribute.value.length;
    default:
      return 8;
  }
}

function segmentOctets(segments: readonly AsPathSegment[], fourOctets: boolean): number {
  return segments.reduce((sum, { asns }) => sum + 2 + asns.length * (fourOctets ? 4 : 2), 0);
}

function encodeValue(attribute: PathAttribute, context: CodecContext, out: Writer): void {
  switch (attribute.type) {
    case "origin":
      return out.u8(origins.indexOf(attribute.origin));
    case "as-path":
      return encodeSegments(attribute.segments, context.fourOctetAs, out);
    case "as4-path":
      return encodeSegments(attribute.segments, true, out);
    case "next-hop":
      return out.u32(attribute.address.value);
    case "multi-exit-disc":
    case "local-pref":
      return out.u32(attribute.value);
    case "atomic-aggregate":
      return undefined;
    case "aggregator":
    case "as4-aggregator":
      if (attribute.type === "as4-aggregator" || context.fourOctetAs) out.u32(attribute.asn);
      else out.u16(attribute.asn);
      return out.u32(attribute.address.value);
    case "communities":
      return attribute.values.forEach((value) => out.u32(value));
    case "extended-communities":
      return attribute.values.forEach((value) => encodeExtendedCommunity(value, out));
    case "large-communities":
      return attribute.values.forEach((value) => value.forEach((part) => out.u32(part)));
    case "mp-reach":
      encodeReachHead(attribute, out);
      return attribute.prefixes.forEach((prefix) => encodePrefix(prefix, out));
    case "mp-unreach":
      encodeFamily(attribute.family, out);
      return attribute.prefixes.forEach((prefix) => encodePrefix(prefix, out));
    case "unknown":
      return out.bytes(attribute.value);
  }
}

function encodeReachHead(reach: Extract<PathAttribute, { type: "mp-reach" }>, out: Writer): void {
  encodeFamily(reach.family, out);
  if (reach.nextHop.family === 4) {
    out.u8(4);
    out.u32(reach.nextHop.value);
  } else {
    out.u8(reach.linkLocal === undefined ? 16 : 32);
    out.ipv6(reach.nextHop.value);
    if (reach.linkLocal !== undefined) out.ipv6(reach.linkLocal.value);
  }
  out.u8(0);
}

/** AFI and SAFI unicast. */
function encodeFamily(family: AddressFamily, out: Writer): void {
  out.u16(family === 4 ? 1 : 2);
  out.u8(1);
}

function encodeSegments(segments: readonly AsPathSegment[], fourOctets: boolean, out: Writer): void {
  for (const { type, asns } of segments) {
    out.u8(segmentTypes.indexOf(type) + 1);
    out.u8(asns.length);
    for (const asn of asns) {
      if (fourOctets) out.u32(asn);
      else out.u16(asn);
    }
  }
}
