import type { Socket } from "node:net";
import { parseAddress } from "../../net/index.ts";
import {
  TransportError,
  type Connection,
  type ConnectionHandlers,
  type Endpoint,
  type TransportErrorCode,
} from "../../protocols/bgp/index.ts";

/** `undefined` if the connection was reset before we saw it: then it has no addresses any more. */
export function connectionOf(socket: Socket): TcpConnection | undefined {
  const local = endpoint(socket.localAddress, socket.localPort);
  const remote = endpoint(socket.remoteAddress, socket.remotePort);
  if (local !== undefined && remote !== undefined) return new TcpConnection(socket, local, remote);
  socket.on("error", () => {}); // the caller hears of it in another way, or never heard of the connection
  socket.destroy();
  return undefined;
}

class TcpConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  /** Written in this turn of the event loop. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #drained = () => {};
  #error: TransportError | undefined;

  constructor(socket: Socket, local: Endpoint, remote: Endpoint) {
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    socket.on("error", (error) => (this.#error = transportError(error)));
  }

  open(handlers: ConnectionHandlers): void {
    const socket = this.#socket;
    socket.on("data", (bytes: Buffer) => handlers.received(bytes));
    this.#drained = () => handlers.drained();
    socket.on("drain", () => this.#makeRoom());
    socket.on("end", () => handlers.ended());
    if (socket.destroyed) setImmediate(() => handlers.closed(this.#error));
    else socket.on("close", () => handlers.closed(this.#error));
    socket.resume();
  }

  /** Messages written in one turn go to the kernel as one piece: the stream's own work is done once for all of them. */
  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return true;
    if (this.#waiting.push(bytes) === 1) process.nextTick(() => this.#flush());
    this.#waitingBytes += bytes.length;
    if (this.unsentBytes >= socket.writableHighWaterMark) this.#isFull = true;
    return !this.#isFull;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength + this.#waitingBytes;
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#socket.destroyed) return;
    const [only = new Uint8Array(), ...more] = this.#waiting;
    const piece = more.length === 0 ? only : Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    // The stream may have passed on so much since `write` said no that it will not call.
    if (this.#socket.write(piece) && this.#isFull) this.#makeRoom();
  }

  #makeRoom(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#drained();
  }

  end(): void {
    this.#flush();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.resetAndDestroy();
  }
}

/** An IPv4 address stays one also where the system shows it as IPv4-mapped. */
function endpoint(text: string | undefined, port: number | undefined): Endpoint | undefined {
  const [bare = "", link] = (text ?? "").split("%");
  const address = parseAddress(bare.replace(/^::ffff:(?=\d+\.)/, ""));
  if (address === undefined || port === undefined) return undefined;
  return { address, port, ...(link === undefined ? {} : { interface: link }) };
}

const errorCodes: Readonly<Record<string, TransportErrorCode>> = {
  ECONNREFUSED: "transport.refused",
  EHOSTUNREACH: "transport.unreachable",
  ENETUNREACH: "transport.unreachable",
  ENETDOWN: "transport.unreachable",
  ETIMEDOUT: "transport.timed-out",
  ECONNRESET: "transport.reset",
  EPIPE: "transport.reset",
  EADDRNOTAVAIL: "transport.address-not-available",
  EADDRINUSE: "transport.address-in-use",
  EACCES: "transport.not-permitted",
  EPERM: "transport.not-permitted",
};

export function transportError(error: NodeJS.ErrnoException): TransportError {
  return new TransportError(errorCodes[error.code ?? ""] ?? "transport.other", error.message);
}
