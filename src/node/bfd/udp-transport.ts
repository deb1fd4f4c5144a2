import { formatAddress, ipv4, ipv6, type Address, type AddressFamily } from "../../net/index.ts";
import {
  encodeSocketAddress,
  interfaceIndex,
  interfaceName,
  SocketError,
  type ReceivedDatagram,
} from "../../linux/libc/index.ts";
import { UdpSocket } from "../../linux/udp-socket/index.ts";
import {
  TransportError,
  type Channel,
  type Datagram,
  type EchoChannel,
  type EchoPath,
  type Hops,
  type SessionPath,
  type Transport,
} from "../../protocols/bfd/index.ts";
import { EchoLinks } from "./echo-links.ts";

/** RFC 5881 §4, RFC 5883 §5. */
const controlPort: Readonly<Record<Hops, number>> = { single: 3784, multi: 4784 };
const sourcePorts = { least: 49_152, most: 65_535 } as const;
/** RFC 5881 §5; more than one hop gives less, which the other side judges. */
const ttl = 255;
/** CS6, internetwork control (RFC 4594 §3.1). */
const trafficClass = 0xc0;
const anyAddress: Readonly<Record<AddressFamily, Address>> = { 4: ipv4(0), 6: ipv6(0n) };

/** BFD's transport on the machine's own UDP, in the network namespace of the calling thread. */
export class UdpTransport implements Transport {
  /** By hops, family and VRF; opened when the first session needs one. */
  readonly #listeners = new Map<
    string,
    { readonly socket: UdpSocket; readonly hops: Hops; readonly vrf: string | undefined }
  >();
  readonly #echoLinks = new EchoLinks();
  #receive: (datagram: Datagram) => void = () => {};
  /** Where to look for a free source port next. */
  #nextPort = sourcePorts.least + Math.floor(Math.random() * (sourcePorts.most - sourcePorts.least));

  listen(receive: (datagram: Datagram) => void): void {
    this.#receive = receive;
  }

  open(path: SessionPath): Channel {
    try {
      this.#listenFor(path);
      return new UdpChannel(path, () => this.#takePort());
    } catch (error) {
      if (error instanceof SocketError) throw new TransportError(error.code, error.message);
      throw error;
    }
  }

  openEcho(path: EchoPath, received: (bytes: Uint8Array) => void): EchoChannel {
    return this.#echoLinks.open(path, received);
  }

  deliverPending(): void {
    this.#echoLinks.readPending();
    for (const { socket, hops, vrf } of this.#listeners.values()) {
      socket.readPending((datagram) => this.#deliver(hops, vrf, datagram));
    }
  }

  close(): void {
    for (const { socket } of this.#listeners.values()) socket.close();
    this.#listeners.clear();
  }

  #listenFor({ hops, remoteAddress: { family }, vrf }: SessionPath): void {
    const key = `${hops} IPv${family} in ${vrf ?? "none"}`;
    if (this.#listeners.has(key)) return;
    const local = { address: anyAddress[family], port: controlPort[hops] };
    const socket = new UdpSocket({
      local,
      sharesPort: true,
      ttl,
      trafficClass,
      ...(vrf === undefined ? {} : { interface: vrf }),
    });
    this.#listeners.set(key, { socket, hops, vrf });
    socket.onDatagram((datagram) => this.#deliver(hops, vrf, datagram));
  }

  #deliver(
    hops: Hops,
    vrf: string | undefined,
    { source, destination, interfaceIndex, ttl, bytes }: ReceivedDatagram,
  ): void {
    this.#receive({
      hops,
      vrf,
      source: source.address,
      destination,
      // Asked for only while a neighbour does not know us yet: a call of the system each.
      get interface() {
        return interfaceName(interfaceIndex);
      },
      ttl,
      bytes,
    });
  }

  #takePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port === sourcePorts.most ? sourcePorts.least : port + 1;
    return port;
  }
}

/** What the system says where the link that a socket was made for has gone, though another of its name may have come. */
const staleCodes = new Set(["ENODEV", "ENXIO", "EADDRNOTAVAIL", "EINVAL"]);

/** The way out of one session: its own source port for as long as it lasts (RFC 5881 §4). */
class UdpChannel implements Channel {
  readonly #path: SessionPath;
  readonly #port: number;
  #socket: UdpSocket | undefined;
  #to: Uint8Array;

  constructor(path: SessionPath, takePort: () => number) {
    this.#path = path;
    this.#to = this.#destination();
    for (;;) {
      const port = takePort();
      try {
        this.#socket = this.#open(port);
        this.#port = port;
        return;
      } catch (error) {
        if (!(error instanceof SocketError) || error.code !== "EADDRINUSE") throw error;
      }
    }
  }

  send(bytes: Uint8Array): boolean {
    const code = (this.#socket ??= this.#reopened())?.send(bytes, this.#to);
    if (code !== undefined && staleCodes.has(code)) this.close();
    return this.#socket !== undefined && code === undefined;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #reopened(): UdpSocket | undefined {
    try {
      this.#to = this.#destination();
      return this.#open(this.#port);
    } catch (error) {
      if (error instanceof SocketError) return undefined;
      throw error;
    }
  }

  #open(port: number): UdpSocket {
    const { localAddress, remoteAddress, vrf, interface: device = vrf } = this.#path;
    const address = localAddress ?? anyAddress[remoteAddress.family];
    const scope = this.#scope();
    return new UdpSocket({
      local: { address, port, ...(scope === undefined ? {} : { scope }) },
      ttl,
      trafficClass,
      ...(device === undefined ? {} : { interface: device }),
    });
  }

  #destination(): Uint8Array {
    const { hops, remoteAddress } = this.#path;
    const scope = this.#scope();
    return encodeSocketAddress({
      address: remoteAddress,
      port: controlPort[hops],
      ...(scope === undefined ? {} : { scope }),
    });
  }

  #scope(): number | undefined {
    const { interface: name, remoteAddress } = this.#path;
    if (name === undefined) return undefined;
    const index = interfaceIndex(name);
    if (index === undefined) throw new SocketError(`link ${name} to ${formatAddress(remoteAddress)}`, "ENODEV");
    return index;
  }
}
