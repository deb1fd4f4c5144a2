import { attributeCodes, decodeAttributes, encodeAttribute } from "./attributes.ts";
import type { CodecContext, PathAttribute, UpdateMessage } from "./messages.ts";
import { decodePrefixes, encodePrefix } from "./nlri.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

const malformed = () => new ProtocolError(3, 1);
const badNetwork = () => new ProtocolError(3, 10);

/** RFC 4271 §4.3, checked as §6.3 says. */
export function decodeUpdate(body: Uint8Array, context: CodecContext): UpdateMessage {
  const fields = new Reader(body, malformed);
  const withdrawn = decodePrefixes(fields.part(fields.u16()), 4, badNetwork);
  const attributes = decodeAttributes(fields.part(fields.u16()), context);
  const announced = decodePrefixes(fields, 4, badNetwork);
  checkMandatory(attributes, announced.length > 0);
  return { type: "update", withdrawn, attributes, announced };
}

/** RFC 4271 §5 and RFC 4760 §3: which attributes go with reachable prefixes. */
function checkMandatory(attributes: readonly PathAttribute[], announcesIpv4: boolean): void {
  const has = (type: PathAttribute["type"]) => attributes.some((attribute) => attribute.type === type);
  if (!announcesIpv4 && !has("mp-reach")) return;
  const needed = announcesIpv4 ? (["origin", "as-path", "next-hop"] as const) : (["origin", "as-path"] as const);
  for (const type of needed) {
    if (!has(type)) throw new ProtocolError(3, 3, Uint8Array.of(attributeCodes[type]));
  }
}

/** Throws `RangeError` where `out` is full: what fits is the packer's business. */
export function encodeUpdate(update: UpdateMessage, context: CodecContext, out: Writer): void {
  const withdrawnAt = out.length;
  out.u16(0);
  for (const prefix of update.withdrawn) encodePrefix(prefix, out);
  out.patchU16(withdrawnAt, out.length - withdrawnAt - 2);
  const attributesAt = out.length;
  out.u16(0);
  for (const attribute of update.attributes) encodeAttribute(attribute, context, out);
  out.patchU16(attributesAt, out.length - attributesAt - 2);
  for (const prefix of update.announced) encodePrefix(prefix, out);
}
