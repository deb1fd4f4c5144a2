import { connect, createServer, type Server, type Socket } from "node:net";
import { formatAddress, parseAddress } from "../../net/index.ts";
import {
  TransportError,
  type Connection,
  type ConnectionHandlers,
  type DialHandlers,
  type DialOptions,
  type Endpoint,
  type Listener,
  type Transport,
  type TransportErrorCode,
} from "../../protocols/bgp/index.ts";

/** BGP's transport on the machine's own TCP. */
export const tcpTransport: Transport = { dial, listen };

function dial(options: DialOptions, handlers: DialHandlers): { cancel(): void } {
  const { remote, localAddress } = options;
  const socket = connect({
    host: formatAddress(remote.address),
    port: remote.port,
    noDelay: true,
    allowHalfOpen: true,
    ...(localAddress === undefined ? {} : { localAddress: formatAddress(localAddress) }),
  });
  const failed = (error: NodeJS.ErrnoException) => handlers.failed(transportError(error));
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    const connection = connectionOf(socket);
    if (connection !== undefined) return handlers.connected(connection);
    return handlers.failed(
      new TransportError("transport.reset", `connect ECONNRESET ${formatAddress(remote.address)}`),
    );
  });
  return {
    cancel: () => {
      socket.removeAllListeners();
      socket.on("error", () => {}); // what becomes of an attempt that nobody wants any more is no news
      socket.destroy();
    },
  };
}

async function listen(local: Endpoint, accept: (connection: Connection) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    const connection = connectionOf(socket);
    if (connection !== undefined) accept(connection);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => reject(transportError(error)));
  server.listen({ host: formatAddress(local.address), port: local.port, ipv6Only: true }, resolve);
  await promise;
  return { local: { address: local.address, port: portOf(server) }, setPeers: () => {}, close: () => close(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Does not wait for the connections that it accepted, as `server.close` would. */
function close(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** `undefined` if the connection was reset before we saw it: then it has no addresses any more. */
function connectionOf(socket: Socket): TcpConnection | undefined {
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
  #isCorked = false;
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
    socket.on("drain", () => handlers.drained());
    socket.on("end", () => handlers.ended());
    if (socket.destroyed) setImmediate(() => handlers.closed(this.#error));
    else socket.on("close", () => handlers.closed(this.#error));
    socket.resume();
  }

  /** Messages written in one turn go to the kernel in one call. */
  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return true;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    return socket.write(bytes);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.resetAndDestroy();
  }
}

/** An IPv4 address stays one also where the system shows it as IPv4-mapped; the zone of a link-local one is left out. */
function endpoint(text: string | undefined, port: number | undefined): Endpoint | undefined {
  const address = parseAddress((text ?? "").replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, ""));
  return address === undefined || port === undefined ? undefined : { address, port };
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

function transportError(error: NodeJS.ErrnoException): TransportError {
  return new TransportError(errorCodes[error.code ?? ""] ?? "transport.other", error.message);
}
