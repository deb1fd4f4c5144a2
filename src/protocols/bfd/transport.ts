import type { Address } from "../../net/index.ts";

/** `single`: neighbours on one link (RFC 5881). `multi`: routers may lie between (RFC 5883). */
export type Hops = "single" | "multi";

export interface SessionPath {
  readonly hops: Hops;
  readonly remoteAddress: Address;
  /** Default: what the system would send from. */
  readonly localAddress?: Address;
  /** The link of the neighbour, by name: needed where its address is link-local. */
  readonly interface?: string;
  /** The VRF that the neighbour is in, by name. Not together with `interface`, which tells it. */
  readonly vrf?: string;
}

/** A packet as it came in. */
export interface Datagram {
  readonly hops: Hops;
  readonly source: Address;
  readonly destination: Address;
  /** Name of the link that it came in by. */
  readonly interface: string;
  /** The VRF whose listener has taken it; none for the others. */
  readonly vrf?: string | undefined;
  /** TTL or hop limit as it arrived. */
  readonly ttl: number;
  /** Valid only within the call that hands it over. */
  readonly bytes: Uint8Array;
}

/** UDP as BFD wants it: packets leave with TTL 255 from a source port of 49152 to 65535 that is the session's own. */
export interface Transport {
  /** Every packet that comes in from now on goes to `receive`. Throws a `TransportError` if a port is taken. */
  listen(receive: (datagram: Datagram) => void): void;
  /** Throws a `TransportError` if there is no such address or link here: another time there may be. */
  open(path: SessionPath): Channel;
  /**
   * A way for echo packets to a neighbour and back (RFC 5881 §4). Each that comes back by this link goes to `received`,
   * whichever session it is of. Throws a `TransportError` if it cannot be had.
   */
  openEcho(path: EchoPath, received: (bytes: Uint8Array) => void): EchoChannel;
  /** Delivers within this call what has arrived and waits to be read. */
  deliverPending(): void;
  /** Receives no more. */
  close(): void;
}

export interface Channel {
  /** False if the system would not take it. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/** Neighbours on one link, both ends of it known. */
export type EchoPath = Required<Omit<SessionPath, "hops" | "vrf">>;

export interface EchoChannel extends Channel {
  /** Whether echo packets of the neighbour find their way back to it through this machine. */
  readonly loopsTheirs: boolean;
}

export class TransportError extends Error {
  readonly code: string;

  /** `code` is the system's, as `EADDRINUSE`. */
  constructor(code: string, message: string) {
    super(message);
    this.name = "TransportError";
    this.code = code;
  }
}
