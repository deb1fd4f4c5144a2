import type { AddressFamily } from "../../net/index.ts";
import type { ResolvedPeerConfig } from "./config.ts";
import { asTrans, type Capability, type OpenMessage } from "./messages.ts";
import { ProtocolError } from "./notification.ts";
import type { Negotiated } from "./status.ts";

const unicast = 1;
const afis: Readonly<Record<AddressFamily, number>> = { 4: 1, 6: 2 };

/** The OPEN that we send. */
export function openFor(config: ResolvedPeerConfig): OpenMessage {
  return {
    type: "open",
    asn: config.localAsn > 0xffff ? asTrans : config.localAsn,
    holdTimeSeconds: config.holdTimeMs / 1000,
    routerId: config.routerId,
    capabilities: [...multiprotocol(config.families), { type: "four-octet-as", asn: config.localAsn }],
  };
}

function multiprotocol(families: readonly AddressFamily[]): Capability[] {
  return families.map((family) => ({ type: "multiprotocol", afi: afis[family], safi: unicast }));
}

/** What the peer's OPEN and ours come to, or why we cannot go on (RFC 4271 §6.2). */
export function negotiate(config: ResolvedPeerConfig, open: OpenMessage): Negotiated | ProtocolError {
  const fourOctet = open.capabilities.find((capability) => capability.type === "four-octet-as");
  const peerAsn = fourOctet?.asn ?? open.asn;
  if (peerAsn !== config.remoteAsn) return new ProtocolError(2, 2);
  const internal = peerAsn === config.localAsn;
  const sameId = open.routerId.value === config.routerId.value;
  if (open.routerId.value === 0 || (internal && sameId)) return new ProtocolError(2, 3); // RFC 6286 §2.2
  if (open.holdTimeSeconds === 1 || open.holdTimeSeconds === 2) return new ProtocolError(2, 6);
  const families = commonFamilies(config.families, open.capabilities);
  if (families.length === 0) return new ProtocolError(2, 7, neededCapabilities(config.families));
  const holdTimeMs = Math.min(config.holdTimeMs, open.holdTimeSeconds * 1000);
  return {
    peerAsn,
    peerRouterId: open.routerId,
    internal,
    holdTimeMs,
    keepaliveMs: Math.min(config.keepaliveMs ?? Number.POSITIVE_INFINITY, holdTimeMs / 3),
    fourOctetAs: fourOctet !== undefined,
    families,
    peerCapabilities: open.capabilities,
  };
}

/** RFC 4760 §8: who says nothing of families speaks IPv4. */
function commonFamilies(ours: readonly AddressFamily[], theirs: readonly Capability[]): AddressFamily[] {
  const named = theirs.filter((capability) => capability.type === "multiprotocol");
  if (named.length === 0) return ours.filter((family) => family === 4);
  return ours.filter((family) => named.some(({ afi, safi }) => afi === afis[family] && safi === unicast));
}

/** RFC 5492 §5: the data of Unsupported Capability lists what we would have needed. */
function neededCapabilities(families: readonly AddressFamily[]): Uint8Array {
  return Uint8Array.from(families.flatMap((family) => [1, 4, 0, afis[family], 0, unicast]));
}
