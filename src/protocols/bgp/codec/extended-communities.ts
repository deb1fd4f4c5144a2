import type { ExtendedCommunity } from "./messages.ts";
import type { Writer } from "./wire.ts";

/** Types (RFC 4360 §3, RFC 5668 §2) and subtypes of those that we read. */
const twoOctetAs = 0x00;
const fourOctetAs = 0x02;
const nonTransitive = 0x40;
const subtypes = { "route-target": 0x02, "route-origin": 0x03, "link-bandwidth": 0x04 } as const;
/** RFC 6793 §9: stands in two octets for a number that needs four. */
const asTrans = 23_456;

/** RFC 4360: one of eight octets. */
export function decodeExtendedCommunity(octets: Uint8Array): ExtendedCommunity {
  const view = new DataView(octets.buffer, octets.byteOffset, 8);
  const type = view.getUint8(0);
  const subtype = view.getUint8(1);
  if (subtype === subtypes["link-bandwidth"] && (type & ~nonTransitive) === twoOctetAs) {
    return { type: "link-bandwidth", asn: view.getUint16(2), bytesPerSecond: view.getFloat32(4) };
  }
  for (const name of ["route-target", "route-origin"] as const) {
    if (subtype !== subtypes[name]) continue;
    if (type === twoOctetAs) return { type: name, asn: view.getUint16(2), value: view.getUint32(4) };
    if (type === fourOctetAs) return { type: name, asn: view.getUint32(2), value: view.getUint16(6) };
  }
  return { type: "unknown", octets: new Uint8Array(octets) };
}

/** A link bandwidth is not transitive (draft-ietf-idr-link-bandwidth §2): it tells the neighbour alone. */
export function encodeExtendedCommunity(community: ExtendedCommunity, out: Writer): void {
  if (community.type === "unknown") return out.bytes(community.octets.subarray(0, 8));
  const view = new DataView(new ArrayBuffer(8));
  const { asn } = community;
  const isLong = asn > 0xffff;
  view.setUint8(1, subtypes[community.type]);
  if (community.type === "link-bandwidth") {
    view.setUint8(0, nonTransitive | twoOctetAs);
    view.setUint16(2, isLong ? asTrans : asn);
    view.setFloat32(4, community.bytesPerSecond);
  } else if (isLong) {
    view.setUint8(0, fourOctetAs);
    view.setUint32(2, asn);
    view.setUint16(6, community.value);
  } else {
    view.setUint8(0, twoOctetAs);
    view.setUint16(2, asn);
    view.setUint32(4, community.value);
  }
  return out.bytes(new Uint8Array(view.buffer));
}
