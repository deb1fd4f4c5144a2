import { formatAddress, type Address, type AddressFamily } from "../../net/index.ts";
import { PacketSocket, udpFilter, type ReceivedPacket } from "../../linux/packet-socket/index.ts";
import { readSysctl } from "../../linux/sysctl/index.ts";
import { interfaceIndex, SocketError } from "../../linux/libc/index.ts";
import { decodeUdpInIp, echoPort, encodeEchoDatagram } from "./echo-datagram.ts";

const controlPort = 3784;
/** A neighbour that forwards a packet takes one off; one that only turns it round does not. */
const leastTtl = 254;

/**
 * Echo packets of one link and address family. They are addressed to ourselves and handed to the neighbour's hardware
 * address, so that its forwarding plane sends them back; the kernel would never route them so, nor take in what comes back
 * from its own address. Hence a packet socket, which also shows where the neighbours' control packets come from.
 */
export class EchoLink {
  readonly #socket: PacketSocket;
  readonly #hardwareAddresses = new Map<string, Uint8Array>();
  readonly #received: (payload: Uint8Array) => void;
  /** Whether the kernel sends on what a neighbour addresses to itself (RFC 5881 §4). */
  readonly forwards: boolean;
  /** How many sessions have it in use. */
  users = 0;

  /** Throws a `SocketError`. */
  constructor(link: string, family: AddressFamily, received: (payload: Uint8Array) => void) {
    const index = interfaceIndex(link);
    if (index === undefined) throw new SocketError(`link ${link}`, "ENODEV");
    this.#received = received;
    this.forwards = readSysctl(`net.ipv${family}.conf.${link.replaceAll(".", "/")}.forwarding`) === "1";
    this.#socket = new PacketSocket(family, index, udpFilter(family, [controlPort, echoPort]));
    this.#socket.onPacket((packet) => this.#take(packet));
  }

  /** False until a control packet of the neighbour has shown where it is. */
  send(local: Address, remote: Address, payload: Uint8Array): boolean {
    const hardwareAddress = this.#hardwareAddresses.get(formatAddress(remote));
    return hardwareAddress !== undefined && this.#socket.send(encodeEchoDatagram(local, payload), hardwareAddress);
  }

  readPending(): void {
    this.#socket.readPending((packet) => this.#take(packet));
  }

  forget(remote: Address): void {
    this.#hardwareAddresses.delete(formatAddress(remote));
  }

  close(): void {
    this.#socket.close();
  }

  #take({ bytes, hardwareAddress }: ReceivedPacket): void {
    const datagram = decodeUdpInIp(bytes);
    if (datagram === undefined) return;
    const { ttl, source, destinationPort, payload } = datagram;
    if (destinationPort === echoPort && ttl >= leastTtl) this.#received(payload);
    // RFC 5881 §5: one with 255 has come by no router, so that this is the neighbour itself.
    if (destinationPort === controlPort && ttl === 255) this.#learn(source, hardwareAddress);
  }

  #learn(source: Address, hardwareAddress: Uint8Array): void {
    const key = formatAddress(source);
    const known = this.#hardwareAddresses.get(key);
    if (known !== undefined && Buffer.compare(known, hardwareAddress) === 0) return;
    // Whatever else speaks on this port must not fill the memory.
    if (known === undefined && this.#hardwareAddresses.size >= 4_096) return;
    this.#hardwareAddresses.set(key, Uint8Array.from(hardwareAddress));
  }
}
