import { createServer, Socket, type Server } from "node:net";
import { bindListener, closeSocket, openTcpSocket, setMd5Key, setTcpOptions } from "../../linux/tcp/index.ts";
import { formatAddress, type Address } from "../../net/index.ts";
import {
  formatEndpointAddress,
  TransportError,
  type Connection,
  type DialHandlers,
  type DialOptions,
  type Endpoint,
  type LinkOptions,
  type Listener,
  type ListeningPeer,
  type ListenOptions,
  type Transport,
} from "../../protocols/bgp/index.ts";
import { connectionOf, transportError } from "./tcp-connection.ts";

/** All peers of a route collector dial at once when it comes back; the kernel has a bound of its own, `somaxconn`. */
const backlog = 4_096;

/** BGP's transport on the machine's own TCP. */
export const tcpTransport: Transport = { dial, listen };

function dial(options: DialOptions, handlers: DialHandlers): { cancel(): void } {
  const { remote, localAddress } = options;
  let socket: Socket;
  try {
    socket = socketFor(options);
  } catch (error) {
    const failure = setImmediate(() => handlers.failed(transportError(error as NodeJS.ErrnoException))); // a SystemError
    return { cancel: () => clearImmediate(failure) };
  }
  const failed = (error: NodeJS.ErrnoException) => handlers.failed(transportError(error));
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    const connection = connectionOf(socket);
    if (connection !== undefined) return handlers.connected(connection);
    return handlers.failed(
      new TransportError("transport.reset", `connect ECONNRESET ${formatEndpointAddress(remote)}`),
    );
  });
  socket.connect({
    host: formatEndpointAddress(remote),
    port: remote.port,
    ...(localAddress === undefined
      ? {}
      : { localAddress: formatEndpointAddress({ ...remote, address: localAddress }) }),
  });
  return {
    cancel: () => {
      socket.removeAllListeners();
      socket.on("error", () => {}); // what becomes of an attempt that nobody wants any more is no news
      socket.destroy();
    },
  };
}

/** Not yet connected. Node's own where nothing is asked that Node does not know. */
function socketFor(options: DialOptions): Socket {
  const { remote, vrf, md5Password } = options;
  const { family } = remote.address;
  if (vrf === undefined && md5Password === undefined && !asksForTtl(options)) {
    return new Socket({ allowHalfOpen: true }).setNoDelay();
  }
  const fd = openTcpSocket(family);
  try {
    setTcpOptions(fd, family, { ...(vrf === undefined ? {} : { device: vrf }), ...ttlOf(options) });
    if (md5Password !== undefined) setMd5Key(fd, remote.address, Buffer.from(md5Password));
    // `manualStart` keeps Node from reading before there is a connection; it takes what is no public option yet.
    const unconnected = { fd, allowHalfOpen: true, manualStart: true };
    return new Socket(unconnected).setNoDelay();
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
}

function asksForTtl({ ttl, ttlSecurityHops }: LinkOptions): boolean {
  return ttl !== undefined || ttlSecurityHops !== undefined;
}

/** RFC 5082 §3: sent with 255, and a packet from n links away still has 256 - n. */
function ttlOf({ ttl, ttlSecurityHops }: LinkOptions): { ttl?: number; minTtl?: number } {
  if (ttlSecurityHops !== undefined) return { ttl: 255, minTtl: 256 - ttlSecurityHops };
  return ttl === undefined ? {} : { ttl };
}

async function listen(
  local: Endpoint,
  accept: (connection: Connection) => void,
  options: ListenOptions = { peers: [] },
): Promise<Listener> {
  const peers = new ListeningPeers(local.address.family);
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    const connection = connectionOf(socket);
    if (connection === undefined) return;
    if (peers.admit(socket, connection.remote.address)) accept(connection);
    else socket.destroy();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => reject(transportError(error)));
  if (options.vrf === undefined && options.peers.length === 0) {
    server.listen({ host: formatEndpointAddress(local), port: local.port, ipv6Only: true, backlog }, resolve);
  } else server.listen({ fd: boundSocket(local, options, peers), backlog }, resolve);
  await promise;
  peers.socket = descriptorOf(server);
  return {
    local: { ...local, port: portOf(server) },
    setPeers: (wanted) => peers.set(wanted),
    close: () => close(server, peers),
  };
}

/** Keys are there before anything listens: a `setsockopt` after `listen` would leave a moment without. */
function boundSocket(local: Endpoint, { vrf, peers: wanted }: ListenOptions, peers: ListeningPeers): number {
  const { family } = local.address;
  try {
    const fd = openTcpSocket(family);
    try {
      if (vrf !== undefined) setTcpOptions(fd, family, { device: vrf });
      peers.socket = fd;
      peers.set(wanted);
      bindListener(fd, local.address, local.port, local.interface);
      return fd;
    } catch (error) {
      closeSocket(fd);
      throw error;
    }
  } catch (error) {
    throw transportError(error as NodeJS.ErrnoException); // a SystemError
  }
}

/** What a listener asks of the connections of each peer. */
class ListeningPeers {
  readonly #family: 4 | 6;
  #peers = new Map<string, ListeningPeer>();
  /** The listening socket; undefined once it is closed. */
  socket: number | undefined;

  constructor(family: 4 | 6) {
    this.#family = family;
  }

  set(wanted: readonly ListeningPeer[]): void {
    const peers = new Map(
      wanted
        .filter(({ address }) => address.family === this.#family)
        .map((peer) => [formatAddress(peer.address), peer]),
    );
    for (const [name, { address, md5Password }] of this.#peers) {
      if (md5Password !== undefined && peers.get(name)?.md5Password === undefined) this.#setKey(address, "");
    }
    for (const [name, { address, md5Password }] of peers) {
      if (md5Password !== undefined && md5Password !== this.#peers.get(name)?.md5Password) {
        this.#setKey(address, md5Password);
      }
    }
    this.#peers = peers;
    // The answer to a SYN goes out before `admit`, and a peer with GTSM drops it unless it has 255.
    const isSecured = [...peers.values()].some(({ ttlSecurityHops }) => ttlSecurityHops !== undefined);
    if (isSecured && this.socket !== undefined) setTcpOptions(this.socket, this.#family, { ttl: 255 });
  }

  /**
   * Asks of a connection what its peer wants; false if that cannot be had. What came before, the handshake, is not
   * protected by a time to live: it carries nothing that BGP reads.
   */
  admit(socket: Socket, remote: Address): boolean {
    const peer = this.#peers.get(formatAddress(remote));
    if (peer === undefined || !asksForTtl(peer)) return true;
    const fd = descriptorOf(socket);
    if (fd === undefined) return false;
    setTcpOptions(fd, this.#family, ttlOf(peer));
    return true;
  }

  #setKey(address: Address, key: string): void {
    if (this.socket === undefined) return;
    try {
      setMd5Key(this.socket, address, Buffer.from(key));
    } catch (error) {
      throw transportError(error as NodeJS.ErrnoException); // a SystemError
    }
  }
}

/** Node does not say the number of a socket in any other way. */
function descriptorOf(owner: Server | Socket): number | undefined {
  const { _handle: handle } = owner as unknown as { _handle?: { fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Does not wait for the connections that it accepted, as `server.close` would. */
function close(server: Server, peers: ListeningPeers): Promise<void> {
  peers.socket = undefined;
  server.close();
  return Promise.resolve();
}
