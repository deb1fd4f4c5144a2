import koffi, { type node } from "koffi";
import { parseAddress, type Ipv6Address } from "../../net/index.ts";
import {
  addressFamily,
  checked,
  encodeSocketAddress,
  interfaceIndex,
  lastErrorCode,
  libc,
  ReceiveBuffer,
  setOption,
  SocketError,
} from "../libc/index.ts";

export interface Icmpv6SocketOptions {
  /** Sends and receives by this link alone. */
  readonly interface: string;
  /** The link-local address to send from; it must be there, and no duplicate any more that the kernel looks for. */
  readonly local: Ipv6Address;
  /** Types of the messages to receive; the kernel drops the others. */
  readonly types: readonly number[];
  /** Multicast groups of the link to listen to, beside those that every node is in. */
  readonly groups: readonly Ipv6Address[];
}

/** An ICMPv6 message as it came; the kernel has checked its checksum. */
export interface ReceivedMessage {
  readonly source: Ipv6Address;
  readonly hopLimit: number;
  /** Valid only until the next message is read in this thread. */
  readonly bytes: Uint8Array;
}

/** Families, levels and names of socket(7), ipv6(7) and <linux/icmpv6.h>. */
const rawNonblockCloexec = 3 | 0o4000 | 0o2000000;
const icmpv6 = 58;
const socketLevel = 1;
const bindToDevice = 25;
const ipv6Level = 41;
const options = { multicastInterface: 17, multicastHops: 18, multicastLoop: 19, joinGroup: 20, receiveHopLimit: 51 };
const icmpv6Filter = 1;

/** So many messages are taken in a row at most, so that a flood leaves room for timers. */
const batch = 64;

/**
 * A raw socket for some kinds of ICMPv6 messages on one link. The kernel computes checksums (RFC 3542 §3.1).
 * It does not outlive its link: one of the same name needs a new socket.
 */
export class Icmpv6Socket {
  readonly #fd: number;
  readonly #interfaceIndex: number;
  #poll: node.PollHandle | undefined;
  #isClosed = false;

  /** Throws a `SocketError`. */
  constructor({ interface: device, local, types, groups }: Icmpv6SocketOptions) {
    const what = `ICMPv6 socket on ${device}`;
    const index = interfaceIndex(device);
    if (index === undefined) throw new SocketError(what, "ENODEV");
    this.#interfaceIndex = index;
    this.#fd = checked(what, libc().socket(addressFamily[6], rawNonblockCloexec, icmpv6));
    try {
      const set = (level: number, name: number, value: number | Uint8Array) =>
        setOption(this.#fd, what, level, name, value);
      set(icmpv6, icmpv6Filter, filterFor(types));
      set(socketLevel, bindToDevice, Buffer.from(device));
      set(ipv6Level, options.multicastInterface, index);
      set(ipv6Level, options.multicastHops, 255);
      set(ipv6Level, options.multicastLoop, 0);
      set(ipv6Level, options.receiveHopLimit, 1);
      const address = encodeSocketAddress({ address: local, port: 0, scope: index });
      checked(what, libc().bind(this.#fd, address, address.length));
      for (const group of groups) set(ipv6Level, options.joinGroup, membership(group, index));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends a message to a group of the link. The system's error code if it would not take it. */
  send(group: Ipv6Address, message: Uint8Array): string | undefined {
    const to = encodeSocketAddress({ address: group, port: 0, scope: this.#interfaceIndex });
    const sent = libc().sendto(this.#fd, message, message.length, 0, to, to.length);
    return sent < 0 ? lastErrorCode() : undefined;
  }

  /** Calls `received` with each message from now on. Keeps the thread alive until the socket is closed. */
  onMessage(received: (message: ReceivedMessage) => void): void {
    // The handle is kept: without it the process would end although it waits.
    this.#poll = koffi.node.poll(this.#fd, { readable: true }, () => {
      for (let count = 0; count < batch && !this.#isClosed; count++) {
        const datagram = ReceiveBuffer.ofThread().read(this.#fd);
        if (datagram === undefined) return;
        const { source, ttl, bytes } = datagram;
        if (source.address.family === 6) received({ source: source.address, hopLimit: ttl, bytes });
      }
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#poll?.close();
    libc().close(this.#fd);
  }
}

/** `struct icmp6_filter`: a bit for each type, set where it is blocked (RFC 3542 §3.2). */
function filterFor(types: readonly number[]): Uint8Array {
  const words = new Uint32Array(8).fill(0xffffffff);
  for (const type of types) {
    const word = type >>> 5;
    words[word] = (words[word] ?? 0) & ~(1 << (type & 31));
  }
  return new Uint8Array(words.buffer);
}

/** `struct ipv6_mreq`. */
function membership(group: Ipv6Address, index: number): Uint8Array {
  const bytes = Buffer.alloc(20);
  bytes.writeBigUInt64BE(group.value >> 64n, 0);
  bytes.writeBigUInt64BE(group.value & 0xffffffffffffffffn, 8);
  bytes.writeInt32LE(index, 16);
  return bytes;
}

function group(text: string): Ipv6Address {
  const address = parseAddress(text);
  if (address?.family !== 6) throw new Error(`${text} is no IPv6 address`);
  return address;
}

/** RFC 4291 §2.7.1, of the link. */
export const linkGroups = { "all-nodes": group("ff02::1"), "all-routers": group("ff02::2") } as const;
