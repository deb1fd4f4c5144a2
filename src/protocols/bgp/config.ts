import type { Address, AddressFamily, Ipv4Address } from "../../net/index.ts";
import type { Endpoint } from "./transport.ts";

export interface SpeakerConfig {
  /** The AS number of peers that name none of their own. */
  readonly asn: number;
  /** BGP identifier (RFC 6286: any four octets but zero, unique within the AS) of peers that name none of their own. */
  readonly routerId: Ipv4Address;
  /** Where to accept connections; none if absent or empty. */
  readonly listen?: readonly Endpoint[];
}

export interface PeerConfig {
  /** Tells this peer from the others of the speaker. */
  readonly name: string;
  readonly remoteAddress: Address;
  readonly remoteAsn: number;
  /** Default 179. */
  readonly remotePort?: number;
  /** Default: the speaker's. */
  readonly localAsn?: number;
  /** Default: the speaker's. */
  readonly routerId?: Ipv4Address;
  /** The address to dial from. Connections that come in are told apart by their remote address alone. */
  readonly localAddress?: Address;
  /** Never dial, only accept. Default false. */
  readonly passive?: boolean;
  /** Proposed hold time: 0 (never expires, no keepalives) or at least 3,000; whole seconds. Default 90,000. */
  readonly holdTimeMs?: number;
  /** Default, and at most, a third of the negotiated hold time. */
  readonly keepaliveMs?: number;
  /** How long to wait between attempts to connect: doubled from the least to the most. Default 1,000 to 8,000. */
  readonly connectRetryMs?: { readonly least: number; readonly most: number };
  /** Address families to propose. Default both. */
  readonly families?: readonly AddressFamily[];
  /**
   * Next hop of routes that name none, for each family. Default: the local address of the connection, for its own family;
   * routes of the other family are withheld while there is none.
   */
  readonly nextHops?: { readonly 4?: Address; readonly 6?: Address };
  /** What to do with routes that the peer announces: count them (default), or also keep them. */
  readonly inbound?: "count" | "keep";
}

/** A peer's configuration with nothing left open. */
export interface ResolvedPeerConfig extends Required<Omit<PeerConfig, "localAddress" | "keepaliveMs">> {
  readonly localAddress?: Address;
  readonly keepaliveMs?: number;
}

export function resolvePeerConfig(peer: PeerConfig, speaker: SpeakerConfig): ResolvedPeerConfig {
  const resolved = {
    remotePort: 179,
    localAsn: speaker.asn,
    routerId: speaker.routerId,
    passive: false,
    holdTimeMs: 90_000,
    connectRetryMs: { least: 1_000, most: 8_000 },
    families: [4, 6] as const,
    nextHops: {},
    inbound: "count" as const,
    ...peer,
  };
  const wrong = problemOf(resolved);
  if (wrong !== undefined) throw new RangeError(`peer ${peer.name}: ${wrong}`);
  return resolved;
}

function problemOf(peer: ResolvedPeerConfig): string | undefined {
  for (const field of ["localAsn", "remoteAsn"] as const) {
    if (!isBetween(peer[field], 1, 0xffffffff)) return `${field} ${peer[field]}: is 1 to 4294967295 (RFC 7607)`;
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
  return undefined;
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
