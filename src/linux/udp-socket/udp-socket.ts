import koffi, { type node } from "koffi";
import { formatAddress } from "../../net/index.ts";
import {
  addressFamily,
  checked,
  encodeSocketAddress,
  lastErrorCode,
  libc,
  ReceiveBuffer,
  setOption,
  type ReceivedDatagram,
  type SocketAddress,
} from "../libc/index.ts";

export interface UdpSocketOptions {
  /** The address 0.0.0.0 or :: stands for all of its family; port 0 for any. */
  readonly local: SocketAddress;
  /** Sends and receives by this link alone. */
  readonly interface?: string;
  /** Others that are bound to a link of their own may have the same port. */
  readonly sharesPort?: boolean;
  /** TTL or hop limit of what is sent. */
  readonly ttl: number;
  /** The octet of the DS field in what is sent. */
  readonly trafficClass: number;
}

const sockDgramNonblockCloexec = 2 | 0o4000 | 0o2000000;
const socketLevel = 1;
const bindToDevice = 25;
const reuseAddress = 2;
/** Level and names of options, by family. */
const options = {
  4: { level: 0, ttl: 2, trafficClass: 1, receiveTtl: 12, receivePacketInfo: 8 },
  6: { level: 41, ttl: 16, trafficClass: 67, receiveTtl: 51, receivePacketInfo: 49, v6Only: 26 },
} as const;

/** So many datagrams are taken in a row when some have come, so that a flood leaves room for timers. */
const batch = 128;
/** More than the system's buffer holds, and yet an end: a flood goes on while we read. */
const mostWaiting = 4_096;

/**
 * A UDP socket that shows with which TTL and by which link a datagram came, as those of `node:dgram` do not. Nothing here
 * blocks.
 */
export class UdpSocket {
  readonly #fd: number;
  #poll: node.PollHandle | undefined;
  #isClosed = false;

  /** Throws a `SocketError`. */
  constructor({ local, interface: device, sharesPort = false, ttl, trafficClass }: UdpSocketOptions) {
    const { family } = local.address;
    const what = `UDP socket at ${formatAddress(local.address)} port ${local.port}`;
    this.#fd = checked(what, libc().socket(addressFamily[family], sockDgramNonblockCloexec, 0));
    try {
      const { level, ...names } = options[family];
      const set = (name: number, value: number) => setOption(this.#fd, what, level, name, value);
      set(names.ttl, ttl);
      set(names.trafficClass, trafficClass);
      set(names.receiveTtl, 1);
      set(names.receivePacketInfo, 1);
      if (family === 6) set(options[6].v6Only, 1);
      if (device !== undefined)
        setOption(this.#fd, `${what} by ${device}`, socketLevel, bindToDevice, Buffer.from(device));
      const share = () => setOption(this.#fd, what, socketLevel, reuseAddress, 1);
      // One without a link is bound first and shared then, so that it is noticed where another program has the port.
      if (sharesPort && device !== undefined) share();
      const address = encodeSocketAddress(local);
      checked(what, libc().bind(this.#fd, address, address.length));
      if (sharesPort) share();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends to an address as `encodeSocketAddress` gives it. The system's error code if it would not take the datagram. */
  send(bytes: Uint8Array, to: Uint8Array): string | undefined {
    const sent = libc().sendto(this.#fd, bytes, bytes.length, 0, to, to.length);
    return sent < 0 ? lastErrorCode() : undefined;
  }

  /** Calls `received` with each datagram from now on. Keeps the thread alive until the socket is closed. */
  onDatagram(received: (datagram: ReceivedDatagram) => void): void {
    // The handle is kept: without it the process would end although it waits.
    this.#poll = koffi.node.poll(this.#fd, { readable: true }, () => this.#read(batch, received));
  }

  /** Reads all that waits, within this call. */
  readPending(received: (datagram: ReceivedDatagram) => void): void {
    this.#read(mostWaiting, received);
  }

  #read(most: number, received: (datagram: ReceivedDatagram) => void): void {
    for (let count = 0; count < most && !this.#isClosed; count++) {
      const datagram = ReceiveBuffer.ofThread().read(this.#fd);
      if (datagram === undefined) return;
      received(datagram);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#poll?.close();
    libc().close(this.#fd);
  }
}
