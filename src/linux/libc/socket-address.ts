import type { Address } from "../../net/index.ts";

export interface SocketAddress {
  readonly address: Address;
  readonly port: number;
  /** Index of the link that a link-local IPv6 address is of. */
  readonly scope?: number;
}

export const addressFamily = { 4: 2, 6: 10 } as const;

/** `struct sockaddr_in` or `sockaddr_in6`. */
export function encodeSocketAddress({ address, port, scope = 0 }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, addressFamily[address.family], true);
  view.setUint16(2, port);
  if (address.family === 4) {
    view.setUint32(4, address.value);
  } else {
    view.setBigUint64(8, address.value >> 64n);
    view.setBigUint64(16, address.value & 0xffffffffffffffffn);
    view.setUint32(24, scope, true);
  }
  return bytes;
}

/** `at` is where the structure begins. */
export function decodeSocketAddress(view: DataView, at: number): SocketAddress {
  const port = view.getUint16(at + 2);
  if (view.getUint16(at, true) === addressFamily[4]) return { address: ipv4At(view, at + 4), port };
  return { address: ipv6At(view, at + 8), port, scope: view.getUint32(at + 24, true) };
}

export function ipv4At(view: DataView, at: number): Address {
  return { family: 4, value: view.getUint32(at) };
}

export function ipv6At(view: DataView, at: number): Address {
  return { family: 6, value: (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8) };
}
