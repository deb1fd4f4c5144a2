import koffi, { type node } from "koffi";
import type { AddressFamily } from "../../net/index.ts";
import { checked, libc } from "../libc/index.ts";
import type { FilterInstruction } from "./packet-filter.ts";

/** What a link has brought in, before the kernel has judged where it is to go. */
export interface ReceivedPacket {
  /** Of the neighbour that it came from, as many octets as the link has for one. */
  readonly hardwareAddress: Uint8Array;
  /** From the IP header on. Valid only within the call that hands it over; at most 512 octets. */
  readonly bytes: Uint8Array;
}

const packetFamily = 17;
const sockDgramNonblockCloexec = 2 | 0o4000 | 0o2000000;
const etherType: Readonly<Record<AddressFamily, number>> = { 4: 0x0800, 6: 0x86dd };
const socketLevel = 1;
const attachFilter = 26;
/** Length of `struct sockaddr_ll`, packet(7), and where its parts lie. */
const linkAddress = { length: 20, index: 4, type: 10, hardwareLength: 11, hardware: 12 } as const;
/** PACKET_HOST: for this machine. Others are seen where a link is promiscuous. */
const forThisHost = 0;
/** So many packets are taken in a row when some have come, so that a flood leaves room for timers. */
const batch = 128;
/** More than the system's buffer holds, and yet an end: a flood goes on while we read. */
const mostWaiting = 4_096;

/**
 * Sends and receives IP packets on one link as they are, past the routing tables: packet(7). The kernel adds and takes
 * off the link's own header, and shows what comes in also where it then drops it.
 */
export class PacketSocket {
  readonly #fd: number;
  readonly #family: AddressFamily;
  readonly #index: number;
  readonly #bytes = Buffer.alloc(512);
  readonly #from = Buffer.alloc(linkAddress.length);
  readonly #fromLength = Int32Array.of(linkAddress.length);
  #poll: node.PollHandle | undefined;
  #isClosed = false;

  /** Throws a `SocketError`. Needs CAP_NET_RAW. */
  constructor(family: AddressFamily, interfaceIndex: number, filter: readonly FilterInstruction[]) {
    this.#family = family;
    this.#index = interfaceIndex;
    const what = `packet socket for IPv${family} on link ${interfaceIndex}`;
    // Protocol 0: nothing comes in before the filter stands and `bind` says what is wanted.
    this.#fd = checked(what, libc().socket(packetFamily, sockDgramNonblockCloexec, 0));
    try {
      checked(what, setFilter(this.#fd, filter));
      const address = encodeLinkAddress(family, interfaceIndex, new Uint8Array());
      checked(what, libc().bind(this.#fd, address, address.length));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends an IP packet to a neighbour on the link. False if the system would not take it. */
  send(packet: Uint8Array, hardwareAddress: Uint8Array): boolean {
    if (this.#isClosed) return false;
    const to = encodeLinkAddress(this.#family, this.#index, hardwareAddress);
    return libc().sendto(this.#fd, packet, packet.length, 0, to, to.length) >= 0;
  }

  onPacket(received: (packet: ReceivedPacket) => void): void {
    this.#poll = koffi.node.poll(this.#fd, { readable: true }, () => this.#read(batch, received));
  }

  /** Reads all that waits, within this call. */
  readPending(received: (packet: ReceivedPacket) => void): void {
    this.#read(mostWaiting, received);
  }

  #read(most: number, received: (packet: ReceivedPacket) => void): void {
    for (let count = 0; count < most && !this.#isClosed; count++) {
      this.#fromLength[0] = linkAddress.length;
      const length = libc().recvfrom(this.#fd, this.#bytes, this.#bytes.length, 0, this.#from, this.#fromLength);
      if (length < 0) return;
      if (this.#from[linkAddress.type] !== forThisHost) continue;
      const hardwareLength = Math.min(8, this.#from[linkAddress.hardwareLength] ?? 0);
      received({
        hardwareAddress: this.#from.subarray(linkAddress.hardware, linkAddress.hardware + hardwareLength),
        bytes: this.#bytes.subarray(0, length),
      });
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#poll?.close();
    libc().close(this.#fd);
  }
}

function encodeLinkAddress(family: AddressFamily, index: number, hardwareAddress: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(linkAddress.length);
  bytes.writeUInt16LE(packetFamily, 0);
  bytes.writeUInt16BE(etherType[family], 2);
  bytes.writeInt32LE(index, linkAddress.index);
  bytes[linkAddress.hardwareLength] = hardwareAddress.length;
  bytes.set(hardwareAddress, linkAddress.hardware);
  return bytes;
}

/** `struct sock_fprog` points to the instructions, of 8 octets each. */
function setFilter(fd: number, filter: readonly FilterInstruction[]): number {
  const memory = koffi.alloc("uint8_t", filter.length * 8) as object; // koffi's own kind of pointer
  const view = new DataView(koffi.view(memory, filter.length * 8));
  for (const [index, { code, ifTrue, ifFalse, operand }] of filter.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand, true);
  }
  const program = Buffer.alloc(16);
  program.writeUInt16LE(filter.length, 0);
  program.writeBigUInt64LE(koffi.address(memory), 8);
  const result = libc().setsockopt(fd, socketLevel, attachFilter, program, program.length);
  koffi.free(memory);
  return result;
}
