import { connect, createServer, type Server, type Socket } from "node:net";
import { formatAddress, parseAddress, type Address } from "../../net/index.ts";
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
    handlers.connected(new TcpConnection(socket));
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
    // A connection that was reset before we saw it has no remote address any more.
    if (socket.remoteAddress === undefined) socket.destroy();
    else accept(new TcpConnection(socket));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => reject(transportError(error)));
  server.listen({ host: formatAddress(local.address), port: local.port, ipv6Only: true }, resolve);
  await promise;
  return { local: { address: local.address, port: portOf(server) }, close: () => close(server) };
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

class TcpConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  #isCorked = false;
  #error: TransportError | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
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

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.resetAndDestroy();
  }
}

function endpoint(text: string | undefined, port: number | undefined): Endpoint {
  return { address: unmapped(text ?? ""), port: port ?? 0 };
}

/** An IPv4 address stays one also where the system shows it as IPv4-mapped; the zone of a link-local one is left out. */
function unmapped(text: string): Address {
  const address = parseAddress(text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, ""));
  if (address === undefined) throw new Error(`the system gave "${text}" for an address`);
  return address;
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
