import { formatAddress, type Address } from "../../net/index.ts";

/** One end of a connection. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
  /** Name of the link that a link-local address is of. */
  readonly interface?: string;
}

/** Reliable ordered byte streams, handed to the speaker: TCP, or a simulation. */
export interface Transport {
  /** Opens a connection; exactly one handler is called, once, and never within this call; none after `cancel`. */
  dial(options: DialOptions, handlers: DialHandlers): { cancel(): void };
  /**
   * Accepts connections until the listener is closed. What `options.peers` ask for holds from the first connection on.
   * Rejects with a `TransportError`.
   */
  listen(local: Endpoint, accept: (connection: Connection) => void, options?: ListenOptions): Promise<Listener>;
}

/** What is asked of TCP and IP on the connections with one peer; `PeerConfig` says what each is. */
export interface LinkOptions {
  readonly md5Password?: string;
  readonly ttl?: number;
  readonly ttlSecurityHops?: number;
}

/** With the link of a link-local address: `fe80::1%eth0` (RFC 4007 §11). */
export function formatEndpointAddress({ address, interface: link }: Omit<Endpoint, "port">): string {
  return link === undefined ? formatAddress(address) : `${formatAddress(address)}%${link}`;
}

export interface ListeningPeer extends LinkOptions {
  readonly address: Address;
}

export interface ListenOptions {
  readonly vrf?: string;
  /** Peers that ask for anything. */
  readonly peers: readonly ListeningPeer[];
}

export interface DialOptions extends LinkOptions {
  readonly remote: Endpoint;
  /** The address to come from; the system's choice if absent. */
  readonly localAddress?: Address;
  readonly vrf?: string;
}

export interface DialHandlers {
  connected(connection: Connection): void;
  failed(error: TransportError): void;
}

export interface Listener {
  /** Where it listens; the port is the real one where 0 was asked for. */
  readonly local: Endpoint;
  /** Makes these all the peers that ask for anything, for connections that come from now on. Throws a `TransportError`. */
  setPeers(peers: readonly ListeningPeer[]): void;
  /** Accepts no more; connections that it has accepted go on. */
  close(): Promise<void>;
}

/** An open connection. Bytes received wait until `open` has been called. */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Starts delivery to `handlers`. To be called once. */
  open(handlers: ConnectionHandlers): void;
  /**
   * Takes `bytes`, which must not be changed afterwards. False asks the writer to wait for `drained`; the bytes are taken
   * all the same. Without effect once the connection is closed.
   */
  write(bytes: Uint8Array): boolean;
  /** How many bytes wait here because the other side does not take them; what the system has taken does not count. */
  readonly unsentBytes: number;
  /** No more will be written: the other side sees the end of the stream after all that was written. */
  end(): void;
  /** Drops the connection and what it holds; `closed` follows, never within this call. */
  destroy(): void;
}

export interface ConnectionHandlers {
  /** `bytes` are the receiver's to keep. */
  received(bytes: Uint8Array): void;
  /** There is room again after `write` returned false. */
  drained(): void;
  /** The other side writes no more. */
  ended(): void;
  /** The connection is gone; nothing follows. Without an error where both sides ended it. */
  closed(error?: TransportError): void;
}

export type TransportErrorCode =
  | "transport.refused"
  | "transport.unreachable"
  | "transport.timed-out"
  | "transport.reset"
  | "transport.address-not-available"
  | "transport.address-in-use"
  | "transport.not-permitted"
  | "transport.other";

export class TransportError extends Error {
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string) {
    super(message);
    this.name = "TransportError";
    this.code = code;
  }
}
