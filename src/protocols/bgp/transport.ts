import type { Address } from "../../net/index.ts";

/** One end of a connection. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** Reliable ordered byte streams, handed to the speaker: TCP, or a simulation. */
export interface Transport {
  /** Opens a connection; exactly one handler is called, once, and never within this call; none after `cancel`. */
  dial(options: DialOptions, handlers: DialHandlers): { cancel(): void };
  /** Accepts connections until the listener is closed. Rejects with a `TransportError`. */
  listen(local: Endpoint, accept: (connection: Connection) => void): Promise<Listener>;
}

export interface DialOptions {
  readonly remote: Endpoint;
  /** The address to come from; the system's choice if absent. */
  readonly localAddress?: Address;
}

export interface DialHandlers {
  connected(connection: Connection): void;
  failed(error: TransportError): void;
}

export interface Listener {
  /** Where it listens; the port is the real one where 0 was asked for. */
  readonly local: Endpoint;
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
