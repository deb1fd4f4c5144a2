import { formatAddress, ipv6, type Address } from "../../net/index.ts";
import { encodeSocketAddress, type ReceivedDatagram } from "../../linux/libc/index.ts";
import { UdpSocket } from "../../linux/udp-socket/index.ts";
import { echoPort } from "./echo-datagram.ts";

/** CS6, internetwork control (RFC 4594 §3.1). */
const trafficClass = 0xc0;

/**
 * Sends back the IPv6 echo packets that FRR's bfdd addresses to us, its neighbour, and not to itself as RFC 5881 §4 wants:
 * it takes those that come back with a hop limit below 255 for its own. Only for neighbours that we have a session with.
 */
export class EchoReflector {
  readonly #socket = new UdpSocket({ local: { address: ipv6(0n), port: echoPort }, ttl: 254, trafficClass });
  readonly #neighbours = new Map<string, number>();

  /** Throws a `SocketError`. */
  constructor() {
    this.#socket.onDatagram((datagram) => this.#take(datagram));
  }

  add(neighbour: Address): void {
    const key = formatAddress(neighbour);
    this.#neighbours.set(key, (this.#neighbours.get(key) ?? 0) + 1);
  }

  delete(neighbour: Address): void {
    const key = formatAddress(neighbour);
    const users = (this.#neighbours.get(key) ?? 0) - 1;
    if (users > 0) this.#neighbours.set(key, users);
    else this.#neighbours.delete(key);
  }

  get isIdle(): boolean {
    return this.#neighbours.size === 0;
  }

  close(): void {
    this.#socket.close();
  }

  #take({ source, ttl, bytes }: ReceivedDatagram): void {
    // 255 shows that it comes from the link itself, and that it has not been sent back before.
    if (ttl === 255 && this.#neighbours.has(formatAddress(source.address))) {
      this.#socket.send(bytes, encodeSocketAddress(source));
    }
  }
}
