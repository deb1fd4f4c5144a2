import type { AddressFamily } from "../../../net/index.ts";
import { asTrans, type Capability, type GracefulRestartCapability, type OpenMessage } from "../codec/messages.ts";
import { ProtocolError } from "../codec/notification.ts";
import type { ResolvedPeerConfig } from "../config.ts";
import type { Negotiated, NegotiatedRestart } from "../status.ts";

export const unicast = 1;
export const afis: Readonly<Record<AddressFamily, number>> = { 4: 1, 6: 2 };
const defaultRestartMs = 15_000;

/** The OPEN that we send; `restarting`: the peer may still hold routes of our predecessor. */
export function openFor(config: ResolvedPeerConfig, restarting: boolean): OpenMessage {
  return {
    type: "open",
    asn: config.localAsn > 0xffff ? asTrans : config.localAsn,
    holdTimeSeconds: config.holdTimeMs / 1000,
    routerId: config.routerId,
    capabilities: [
      ...multiprotocol(config.families),
      { type: "four-octet-as", asn: config.localAsn },
      { type: "route-refresh" },
      { type: "enhanced-route-refresh" },
      ...extendedNextHop(config.families),
      ...(config.extendedMessages ? [{ type: "extended-message" } as const] : []),
      ...gracefulRestart(config, restarting),
    ],
  };
}

function multiprotocol(families: readonly AddressFamily[]): Capability[] {
  return families.map((family) => ({ type: "multiprotocol", afi: afis[family], safi: unicast }));
}

/** RFC 8950 §4. */
function extendedNextHop(families: readonly AddressFamily[]): Capability[] {
  if (!families.includes(4)) return [];
  return [{ type: "extended-next-hop", families: [{ afi: afis[4], safi: unicast, nextHopAfi: afis[6] }] }];
}

/**
 * The F bit is always set: what our routes lead to is forwarded by the kernel, which knows nothing of our restart.
 */
function gracefulRestart(config: ResolvedPeerConfig, restarting: boolean): GracefulRestartCapability[] {
  if (config.gracefulRestart === undefined) return [];
  const families = config.families.map((family) => ({ afi: afis[family], safi: unicast, forwarding: true }));
  const restartTimeSeconds = (config.gracefulRestart.restartTimeMs ?? defaultRestartMs) / 1000;
  return [{ type: "graceful-restart", restarting, notification: true, restartTimeSeconds, families }];
}

/** What the peer's OPEN and ours come to, or why we cannot go on (RFC 4271 §6.2). */
export function negotiate(config: ResolvedPeerConfig, open: OpenMessage): Negotiated | ProtocolError {
  const fourOctet = open.capabilities.find((capability) => capability.type === "four-octet-as");
  const peerAsn = fourOctet?.asn ?? open.asn;
  // The RFC leaves the data open; the AS number that was refused helps whoever reads it.
  if (peerAsn === 0 || !isExpected(peerAsn, config)) return new ProtocolError(2, 2, fourOctets(peerAsn));
  const internal = peerAsn === config.localAsn;
  const sameId = open.routerId.value === config.routerId.value;
  if (open.routerId.value === 0 || (internal && sameId)) return new ProtocolError(2, 3); // RFC 6286 §2.2
  if (open.holdTimeSeconds === 1 || open.holdTimeSeconds === 2) return new ProtocolError(2, 6);
  const families = commonFamilies(config.families, open.capabilities);
  if (families.length === 0) return new ProtocolError(2, 7, neededCapabilities(config.families));
  const holdTimeMs = Math.min(config.holdTimeMs, open.holdTimeSeconds * 1000);
  const can = (type: Capability["type"]) => open.capabilities.some((capability) => capability.type === type);
  const restart = restartOf(config, open.capabilities);
  return {
    peerAsn,
    peerRouterId: open.routerId,
    internal,
    holdTimeMs,
    keepaliveMs: Math.min(config.keepaliveMs ?? Number.POSITIVE_INFINITY, holdTimeMs / 3),
    fourOctetAs: fourOctet !== undefined,
    families,
    peerCapabilities: open.capabilities,
    routeRefresh: can("enhanced-route-refresh") ? "enhanced" : can("route-refresh") ? "plain" : "none",
    extendedMessages: config.extendedMessages && can("extended-message"),
    extendedNextHop: families.includes(4) && canExtendNextHop(open.capabilities),
    ...(restart === undefined ? {} : { gracefulRestart: restart }),
  };
}

function isExpected(asn: number, { remoteAsn, localAsn }: ResolvedPeerConfig): boolean {
  if (remoteAsn === "internal") return asn === localAsn;
  return remoteAsn === "external" ? asn !== localAsn : asn === remoteAsn;
}

function canExtendNextHop(theirs: readonly Capability[]): boolean {
  return theirs.some(
    (capability) =>
      capability.type === "extended-next-hop" &&
      capability.families.some(({ afi, safi, nextHopAfi }) => afi === 1 && safi === unicast && nextHopAfi === 2),
  );
}

/** Both sides must offer it. A family that the peer does not name is not kept for it (RFC 4724 §4.2). */
function restartOf(config: ResolvedPeerConfig, theirs: readonly Capability[]): NegotiatedRestart | undefined {
  // RFC 4724 §3: of several the last counts.
  const offer = theirs.findLast((capability) => capability.type === "graceful-restart");
  if (config.gracefulRestart === undefined || offer === undefined) return undefined;
  const named = (family: AddressFamily, forwarding: boolean) =>
    offer.families.some(
      (each) => each.afi === afis[family] && each.safi === unicast && (each.forwarding || !forwarding),
    );
  return {
    peerIsRestarting: offer.restarting,
    peerRestartTimeMs: offer.restartTimeSeconds * 1000,
    peerFamilies: config.families.filter((family) => named(family, false)),
    peerForwarding: config.families.filter((family) => named(family, true)),
    notifications: offer.notification,
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

function fourOctets(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
