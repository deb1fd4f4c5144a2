import type { AddressFamily } from "../../../net/index.ts";
import { decodeAttributes } from "./attribute-decoder.ts";
import { encodeAttribute } from "./attribute-encoder.ts";
import { attributeCodes, type KnownAttribute } from "./attribute-registry.ts";
import type { CodecContext, PathAttribute, UpdateFault, UpdateMessage } from "./messages.ts";
import { decodePrefixes, encodePrefix } from "./nlri.ts";
import { ProtocolError } from "./notification.ts";
import { Reader, type Writer } from "./wire.ts";

const malformed = () => new ProtocolError(3, 1);
const badNetwork = () => new ProtocolError(3, 10);

/** RFC 4271 §4.3. What is wrong is answered as RFC 7606 says: by withdrawing where the prefixes are plain. */
export function decodeUpdate(body: Uint8Array, context: CodecContext): UpdateMessage {
  const fields = new Reader(body, malformed);
  const withdrawn = decodePrefixes(fields.part(fields.u16()), 4, badNetwork);
  const { attributes, faults } = decodeAttributes(fields.part(fields.u16()), context);
  const announced = decodePrefixes(fields, 4, badNetwork);
  const all = [...faults, ...missing(attributes, faults, announced.length > 0, context)];
  if (all.length === 0) return { type: "update", withdrawn, attributes, announced };
  const update: UpdateMessage = { type: "update", withdrawn, attributes, announced, faults: all };
  return all.some(({ code }) => code === "treat-as-withdraw") ? treatedAsWithdraw(update) : update;
}

/** RFC 4271 §5 and RFC 4760 §3: which attributes go with reachable prefixes; without them, RFC 7606 §3(d). */
function missing(
  attributes: readonly PathAttribute[],
  faults: readonly UpdateFault[],
  announcesIpv4: boolean,
  { internal = false }: CodecContext,
): UpdateFault[] {
  const has = (type: PathAttribute["type"]) => attributes.some((attribute) => attribute.type === type);
  if (!announcesIpv4 && !has("mp-reach")) return [];
  const needed: KnownAttribute["type"][] = ["origin", "as-path"];
  if (announcesIpv4) needed.push("next-hop");
  if (internal) needed.push("local-pref"); // §5.1.5
  return needed
    .filter((type) => !has(type) && !faults.some(({ attribute }) => attribute === attributeCodes[type]))
    .map((type) => ({ code: "treat-as-withdraw", attribute: attributeCodes[type] }));
}

/**
 * RFC 7606 §2. Where nothing is announced, prefixes may have been lost with what was malformed, and only a new session
 * makes sure (§5.2).
 */
function treatedAsWithdraw(update: UpdateMessage): UpdateMessage {
  const attributes = update.attributes.flatMap((attribute): PathAttribute[] => {
    if (attribute.type === "mp-unreach") return [attribute];
    if (attribute.type !== "mp-reach") return [];
    return [{ type: "mp-unreach", family: attribute.family, prefixes: attribute.prefixes }];
  });
  const announces = update.announced.length > 0 || update.attributes.some(({ type }) => type === "mp-reach");
  if (!announces && !isPlainWithdrawal(update)) throw malformed();
  return { ...update, withdrawn: [...update.withdrawn, ...update.announced], attributes, announced: [] };
}

/** Nothing but MP_UNREACH_NLRI, whose flags alone are wrong. */
function isPlainWithdrawal({ attributes, faults = [] }: UpdateMessage): boolean {
  const isOfIt = faults.every(({ attribute }) => attribute === attributeCodes["mp-unreach"]);
  return isOfIt && attributes.every(({ type }) => type === "mp-unreach");
}

/** The family that `update` is the End-of-RIB of (RFC 4724 §2), if it is one. */
export function endOfRibOf({ withdrawn, attributes, announced, faults }: UpdateMessage): AddressFamily | undefined {
  const [only, ...more] = attributes;
  if (withdrawn.length > 0 || announced.length > 0 || more.length > 0 || faults !== undefined) return undefined;
  if (only === undefined) return 4;
  return only.type === "mp-unreach" && only.prefixes.length === 0 ? only.family : undefined;
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
