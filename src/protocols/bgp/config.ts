import { formatAddress, isLinkLocal, type Address, type AddressFamily, type Ipv4Address } from "../../net/index.ts";
import type { Endpoint, LinkOptions } from "./transport.ts";

export interface SpeakerConfig {
  /** The AS number of peers that name none of their own. */
  readonly asn: number;
  /** BGP identifier (RFC 6286: any four octets but zero, unique within the AS) of peers that name none of their own. */
  readonly routerId: Ipv4Address;
  /** Where to accept connections; none if absent or empty. */
  readonly listen?: readonly ListenEndpoint[];
  /**
   * Whether this speaker takes the place of one whose routes peers may still hold (the R bit of RFC 4724 §3): said to each
   * peer with graceful restart until it has had our End-of-RIB. Default true: who starts can seldom tell, and at a first
   * start it only frees the peer from waiting for us.
   */
  readonly restarting?: boolean;
}

export interface ListenEndpoint extends Endpoint {
  /** Accept only what comes in by this VRF, for its peers (`PeerConfig.vrf`). */
  readonly vrf?: string;
}

export interface GracefulRestartConfig {
  /** How long the peer shall wait for us to be back, in whole seconds up to 4,095,000. Default 15,000. */
  readonly restartTimeMs?: number;
  /** How long a peer that has come back may take to its End-of-RIB before its old routes go. Default 360,000. */
  readonly stalePathMs?: number;
}

export interface PeerConfig {
  /** Tells this peer from the others of the speaker. */
  readonly name: string;
  /** May be unknown for as long as `interface` is given: then nothing is dialled. */
  readonly remoteAddress?: Address;
  /**
   * The link of a peer with a link-local address, by name. The same address on another link is another peer. Listen at
   * our own link-local address there, too (`Speaker.setListening`).
   */
  readonly interface?: string;
  /** Or any but, or exactly, our own. */
  readonly remoteAsn: number | "internal" | "external";
  /** Default 179. */
  readonly remotePort?: number;
  /** The only AS number that this peer hears of us. Default: the speaker's. */
  readonly localAsn?: number;
  /** Default: the speaker's. */
  readonly routerId?: Ipv4Address;
  /** The address to dial from. Connections that come in are told apart by their remote address alone. */
  readonly localAddress?: Address;
  /** Why nothing is dialled or taken for now, for people: the peer's last error until it is configured without. */
  readonly unavailable?: string;
  /** Never dial, only accept. Default false. */
  readonly passive?: boolean;
  /** Take connections that come in from it. Default true; without it, and passive, there is never a session. */
  readonly accepts?: boolean;
  /** Proposed hold time: 0 (never expires, no keepalives) or at least 3,000; whole seconds. Default 90,000. */
  readonly holdTimeMs?: number;
  /** Default, and at most, a third of the negotiated hold time. */
  readonly keepaliveMs?: number;
  /**
   * How long the peer may take nothing of what we send before we give it up (RFC 9687). Default, and at least, the hold
   * time: 480,000 or twice the hold time, whichever is more.
   */
  readonly sendHoldTimeMs?: number;
  /** How long to wait between attempts to connect: doubled from the least to the most. Default 1,000 to 8,000. */
  readonly connectRetryMs?: { readonly least: number; readonly most: number };
  /** Address families to propose. Default both. */
  readonly families?: readonly AddressFamily[];
  /**
   * Next hop of routes that name none, for each family; for IPv4 it may be an IPv6 address (RFC 8950). In a session
   * between link-local addresses our own goes along with an IPv6 next hop (RFC 2545 §3). Default: the local address of the connection, for its own family, and for IPv4 over IPv6 if the peer can; else routes of the other family
   * are withheld while there is none.
   */
  readonly nextHops?: { readonly 4?: Address; readonly 6?: Address };
  /**
   * What to do with routes that the peer announces: count them (default), or also keep them for the owner to read. Neither
   * lets them into any table, and nothing is announced but what `Peer.setRoutes` names: this is what RFC 8212 asks of a
   * speaker without policies.
   */
  readonly inbound?: "count" | "keep";
  /** Keep routes over a restart of ours or of the peer's (RFC 4724, RFC 8538). Default: not. */
  readonly gracefulRestart?: GracefulRestartConfig;
  /** Offer messages of up to 65,535 octets (RFC 8654). Default false. */
  readonly extendedMessages?: boolean;
  /** Sign every segment with this key of 1 to 80 octets, and take none without (RFC 2385). */
  readonly md5Password?: string;
  /** Time to live of what we send, 1 to 255: 1 keeps the session on the link. Default: the system's, mostly 64. */
  readonly ttl?: number;
  /** GTSM (RFC 5082): send with 255, and drop what has come over more than so many links (1: the neighbour itself). */
  readonly ttlSecurityHops?: number;
  /** The VRF in which the peer is. Addresses need to be unique only within one. Default: none. */
  readonly vrf?: string;
}

type Optional =
  | "remoteAddress"
  | "interface"
  | "localAddress"
  | "unavailable"
  | "keepaliveMs"
  | "sendHoldTimeMs"
  | "gracefulRestart"
  | "md5Password"
  | "ttl"
  | "ttlSecurityHops"
  | "vrf";

/** A peer's configuration with nothing left open. */
export interface ResolvedPeerConfig extends Required<Omit<PeerConfig, Optional>>, Pick<PeerConfig, Optional> {}

export function resolvePeerConfig(peer: PeerConfig, speaker: SpeakerConfig): ResolvedPeerConfig {
  const resolved = {
    remotePort: 179,
    localAsn: speaker.asn,
    routerId: speaker.routerId,
    passive: false,
    accepts: true,
    holdTimeMs: 90_000,
    connectRetryMs: { least: 1_000, most: 8_000 },
    families: [4, 6] as const,
    nextHops: {},
    inbound: "count" as const,
    extendedMessages: false,
    ...peer,
  };
  const wrong = problemOf(resolved);
  if (wrong !== undefined) throw new RangeError(`peer ${peer.name}: ${wrong}`);
  return resolved;
}

function problemOf(peer: ResolvedPeerConfig): string | undefined {
  for (const field of ["localAsn", "remoteAsn"] as const) {
    const asn = peer[field];
    if (typeof asn === "number" && !isBetween(asn, 1, 0xffffffff)) {
      return `${field} ${asn}: is 1 to 4294967295 (RFC 7607)`;
    }
  }
  const { holdTimeMs, keepaliveMs, connectRetryMs, remotePort } = peer;
  if (holdTimeMs % 1000 !== 0 || (holdTimeMs !== 0 && !isBetween(holdTimeMs, 3_000, 65_535_000))) {
    return `holdTimeMs ${holdTimeMs}: is 0, or 3000 to 65535000 in whole seconds (RFC 4271 §4.2)`;
  }
  if (keepaliveMs !== undefined && !(keepaliveMs > 0)) return `keepaliveMs ${keepaliveMs}: is above 0`;
  if (!(connectRetryMs.least > 0 && connectRetryMs.most >= connectRetryMs.least)) {
    return `connectRetryMs ${connectRetryMs.least} to ${connectRetryMs.most}: the least is above 0, the most no less`;
  }
  if (!isBetween(remotePort, 1, 65_535)) return `remotePort ${remotePort}: is 1 to 65535`;
  if (peer.routerId.value === 0) return "routerId 0.0.0.0: is any address but this one (RFC 6286)";
  if (peer.families.length === 0) return "families: names at least one";
  return problemOfPlace(peer) ?? problemOfTransport(peer) ?? problemOfTimers(peer);
}

function problemOfPlace({ remoteAddress, interface: link }: ResolvedPeerConfig): string | undefined {
  if (remoteAddress === undefined) return link === undefined ? "remoteAddress: is given, or interface" : undefined;
  if (isLinkLocal(remoteAddress) === (link !== undefined)) return undefined;
  const address = formatAddress(remoteAddress);
  return link === undefined
    ? `remoteAddress ${address}: is link-local, which needs interface`
    : `interface ${link}: is only for a link-local remoteAddress, not ${address}`;
}

function problemOfTransport({ md5Password, ttl, ttlSecurityHops }: ResolvedPeerConfig): string | undefined {
  const keyLength = md5Password === undefined ? 1 : Buffer.byteLength(md5Password);
  if (!isBetween(keyLength, 1, 80)) return `md5Password of ${keyLength} octets: has 1 to 80 (tcp(7), TCP_MD5SIG)`;
  if (ttl !== undefined && !isBetween(ttl, 1, 255)) return `ttl ${ttl}: is 1 to 255`;
  if (ttlSecurityHops === undefined) return undefined;
  if (ttl !== undefined) return `ttl ${ttl}: is not for a peer with ttlSecurityHops, to which all is sent with 255`;
  return isBetween(ttlSecurityHops, 1, 254) ? undefined : `ttlSecurityHops ${ttlSecurityHops}: is 1 to 254`;
}

function problemOfTimers({ gracefulRestart, sendHoldTimeMs, holdTimeMs }: ResolvedPeerConfig): string | undefined {
  if (sendHoldTimeMs !== undefined && !(sendHoldTimeMs > 0 && sendHoldTimeMs >= holdTimeMs)) {
    return `sendHoldTimeMs ${sendHoldTimeMs}: is above 0 and no less than the hold time (RFC 9687 §3)`;
  }
  const restartTimeMs = gracefulRestart?.restartTimeMs ?? 0;
  if (restartTimeMs % 1000 !== 0 || !isBetween(restartTimeMs, 0, 4_095_000)) {
    return `gracefulRestart.restartTimeMs ${restartTimeMs}: is 0 to 4095000 in whole seconds (RFC 4724 §3)`;
  }
  const stalePathMs = gracefulRestart?.stalePathMs ?? 1;
  return stalePathMs > 0 ? undefined : `gracefulRestart.stalePathMs ${stalePathMs}: is above 0`;
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Whether two configurations ask for the same session, so that a running one may stay. */
export function samePeerConfig(a: ResolvedPeerConfig, b: ResolvedPeerConfig): boolean {
  return canonical(a) === canonical(b);
}

function canonical(config: ResolvedPeerConfig): string {
  return JSON.stringify(config, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** What a peer asks of its connections. */
export function linkOptionsOf({ md5Password, ttl, ttlSecurityHops }: PeerConfig): LinkOptions {
  return {
    ...(md5Password === undefined ? {} : { md5Password }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(ttlSecurityHops === undefined ? {} : { ttlSecurityHops }),
  };
}
