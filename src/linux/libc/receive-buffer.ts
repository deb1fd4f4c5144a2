import koffi from "koffi";
import type { Address } from "../../net/index.ts";
import { libc } from "./libc.ts";
import { decodeSocketAddress, ipv4At, ipv6At, type SocketAddress } from "./socket-address.ts";

export interface ReceivedDatagram {
  readonly source: SocketAddress;
  readonly destination: Address;
  readonly interfaceIndex: number;
  /** TTL or hop limit as it arrived. */
  readonly ttl: number;
  /** Valid only until the next datagram is read in this thread; at most 512 octets, the rest is cut off. */
  readonly bytes: Uint8Array;
}

/** Where the parts lie that `struct msghdr` points to. */
const at = { header: 0, vector: 64, name: 128, control: 256, bytes: 512 } as const;
const room = { name: 28, control: 256, bytes: 512 } as const;

/** Of `struct msghdr` on a machine with pointers of 64 bits. */
const header = { name: 0, nameLength: 8, vector: 16, vectorCount: 24, control: 32, controlLength: 40 } as const;

/** Type and level of the control messages that IP_RECVTTL, IP_PKTINFO and their IPv6 namesakes bring. */
const control = { ipTtl: "0/2", ipPacketInfo: "0/8", ipv6HopLimit: "41/52", ipv6PacketInfo: "41/50" } as const;

/** The memory that the kernel writes a datagram to: one in each thread, which outlives all its sockets. */
export class ReceiveBuffer {
  static #ofThread: ReceiveBuffer | undefined;
  readonly #memory: object;
  readonly #view: DataView;

  static ofThread(): ReceiveBuffer {
    ReceiveBuffer.#ofThread ??= new ReceiveBuffer();
    return ReceiveBuffer.#ofThread;
  }

  private constructor() {
    this.#memory = koffi.alloc("uint8_t", at.bytes + room.bytes) as object; // koffi's own kind of pointer
    this.#view = new DataView(koffi.view(this.#memory, at.bytes + room.bytes));
    const base = koffi.address(this.#memory);
    const pointer = (offset: number, target: number) => this.#view.setBigUint64(offset, base + BigInt(target), true);
    pointer(at.header + header.name, at.name);
    pointer(at.header + header.vector, at.vector);
    this.#view.setBigUint64(at.header + header.vectorCount, 1n, true);
    pointer(at.header + header.control, at.control);
    pointer(at.vector, at.bytes);
    this.#view.setBigUint64(at.vector + 8, BigInt(room.bytes), true);
  }

  /** The next datagram of the socket, whose mode is not to block; `undefined` if none waits or the socket has failed. */
  read(fd: number): ReceivedDatagram | undefined {
    const view = this.#view;
    view.setUint32(at.header + header.nameLength, room.name, true);
    view.setBigUint64(at.header + header.controlLength, BigInt(room.control), true);
    const length = libc().recvmsg(fd, this.#memory, 0);
    if (length < 0) return undefined;
    return {
      source: decodeSocketAddress(view, at.name),
      ...this.#controlMessages(),
      bytes: new Uint8Array(view.buffer, at.bytes, Math.min(length, room.bytes)),
    };
  }

  #controlMessages(): Pick<ReceivedDatagram, "destination" | "interfaceIndex" | "ttl"> {
    const view = this.#view;
    let destination: Address = { family: 4, value: 0 };
    let interfaceIndex = 0;
    let ttl = 0;
    const end = at.control + Number(view.getBigUint64(at.header + header.controlLength, true));
    // struct cmsghdr: length with the header (8 octets), level, type, and then the data; each aligned to 8.
    for (let place: number = at.control; place + 16 <= end;) {
      const length = Number(view.getBigUint64(place, true));
      if (length < 16) break;
      const data = place + 16;
      const kind = `${view.getInt32(place + 8, true)}/${view.getInt32(place + 12, true)}`;
      if (kind === control.ipTtl || kind === control.ipv6HopLimit) ttl = view.getInt32(data, true);
      if (kind === control.ipPacketInfo) {
        interfaceIndex = view.getInt32(data, true);
        destination = ipv4At(view, data + 8);
      }
      if (kind === control.ipv6PacketInfo) {
        destination = ipv6At(view, data);
        interfaceIndex = view.getInt32(data + 16, true);
      }
      place += (length + 7) & ~7;
    }
    return { destination, interfaceIndex, ttl };
  }
}
