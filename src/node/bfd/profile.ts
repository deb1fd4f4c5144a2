import type { Address } from "../../net/index.ts";
import type { SessionConfig } from "../../protocols/bfd/index.ts";

/** The spec of a MetalLB BFDProfile; intervals are in milliseconds. */
export interface BfdProfile {
  /** Default 300. */
  readonly receiveInterval?: number;
  /** Default 300. */
  readonly transmitInterval?: number;
  /** Default 3. */
  readonly detectMultiplier?: number;
  /** Not over several hops, where there is no echo (RFC 5883 §3). */
  readonly echoMode?: boolean;
  /** Default 50. */
  readonly echoInterval?: number;
  readonly passiveMode?: boolean;
  /** Of multihop sessions. Default 254. */
  readonly minimumTtl?: number;
}

/** What a BFD session needs to know of the BGP peer that it is for. */
export interface BfdPeer {
  readonly name: string;
  readonly address: Address;
  readonly sourceAddress?: Address;
  readonly interface?: string;
  readonly vrf?: string;
  /** Whether routers may lie between. */
  readonly isMultihop: boolean;
}

const defaultEchoIntervalMs = 50;

/** The session that watches the path to `peer`. */
export function sessionConfigOf(peer: BfdPeer, profile: BfdProfile): SessionConfig {
  return {
    name: peer.name,
    remoteAddress: peer.address,
    hops: peer.isMultihop ? "multi" : "single",
    passive: profile.passiveMode ?? false,
    ...(profile.echoMode === true && !peer.isMultihop
      ? { echoIntervalMs: profile.echoInterval ?? defaultEchoIntervalMs }
      : {}),
    ...(peer.sourceAddress === undefined ? {} : { localAddress: peer.sourceAddress }),
    ...(peer.interface === undefined ? {} : { interface: peer.interface }),
    ...(peer.vrf === undefined ? {} : { vrf: peer.vrf }),
    ...(profile.transmitInterval === undefined ? {} : { transmitIntervalMs: profile.transmitInterval }),
    ...(profile.receiveInterval === undefined ? {} : { receiveIntervalMs: profile.receiveInterval }),
    ...(profile.detectMultiplier === undefined ? {} : { detectMultiplier: profile.detectMultiplier }),
    ...(profile.minimumTtl === undefined ? {} : { minimumTtl: profile.minimumTtl }),
  };
}
