import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import koffi from "koffi";
import type { Address } from "../../net/index.ts";
import { addressFamily, encodeSocketAddress, interfaceIndex, libc } from "../libc/index.ts";

const stream = 1;
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const tcp = 6;

/** Levels and numbers of socket(7), ip(7), ipv6(7) and tcp(7). */
const options = {
  reuseAddress: [1, 2],
  bindToDevice: [1, 25],
  ipTtl: [0, 2],
  ipMinTtl: [0, 21],
  ipv6UnicastHops: [41, 16],
  ipv6Only: [41, 26],
  ipv6MinHopCount: [41, 73],
  tcpMd5: [tcp, 14],
} as const;

/** A system call that failed, in the form of Node's own errors. `code` is as `ENOPROTOOPT`. */
export class SystemError extends Error {
  readonly code: string;
  readonly syscall: string;

  /** The last of this thread. */
  constructor(syscall: string) {
    const errno = koffi.errno();
    super(`${syscall} ${getSystemErrorName(-errno)}: ${getSystemErrorMessage(-errno)}`);
    this.name = "SystemError";
    this.code = getSystemErrorName(-errno);
    this.syscall = syscall;
  }
}

/** What is asked of a TCP socket beyond what Node offers. */
export interface TcpSocketOptions {
  /** The device, mostly a VRF, to which it is bound (SO_BINDTODEVICE). */
  readonly device?: string;
  /** Time to live, or hop limit, of what it sends. */
  readonly ttl?: number;
  /** Drop what comes in with less than this (RFC 5082). */
  readonly minTtl?: number;
}

/** A TCP socket that is neither bound nor connected; the caller closes it or gives it away. Throws `SystemError`. */
export function openTcpSocket(family: 4 | 6): number {
  const fd = libc().socket(addressFamily[family], stream | closeOnExec | nonBlocking, tcp);
  if (fd < 0) throw new SystemError("socket");
  return fd;
}

export function closeSocket(fd: number): void {
  libc().close(fd);
}

/** Throws `SystemError`. */
export function setTcpOptions(fd: number, family: 4 | 6, { device, ttl, minTtl }: TcpSocketOptions): void {
  if (device !== undefined) set(fd, options.bindToDevice, Buffer.from(`${device}\0`));
  if (ttl !== undefined) set(fd, family === 4 ? options.ipTtl : options.ipv6UnicastHops, int(ttl));
  if (minTtl !== undefined) set(fd, family === 4 ? options.ipMinTtl : options.ipv6MinHopCount, int(minTtl));
}

/**
 * Signs what goes to `peer` and drops what comes from it unsigned (RFC 2385, `TCP_MD5SIG` of tcp(7)); an empty key ends
 * that. On a listener it holds for connections to come. Throws `SystemError`.
 */
export function setMd5Key(fd: number, peer: Address, key: Uint8Array): void {
  // struct tcp_md5sig: sockaddr_storage, flags and prefix length, key length, interface index, 80 octets of key.
  const value = Buffer.alloc(216);
  value.set(encodeSocketAddress({ address: peer, port: 0 }));
  value.writeUInt16LE(key.length, 130);
  value.set(key, 136);
  set(fd, options.tcpMd5, value);
}

/**
 * Binds a socket that is going to listen, to IPv6 alone where the address is one; to the link of a link-local address.
 * Throws `SystemError`.
 */
export function bindListener(fd: number, address: Address, port: number, link?: string): void {
  set(fd, options.reuseAddress, int(1));
  if (address.family === 6) set(fd, options.ipv6Only, int(1));
  const scope = link === undefined ? 0 : (interfaceIndex(link) ?? 0);
  const bytes = encodeSocketAddress({ address, port, scope });
  if (libc().bind(fd, bytes, bytes.length) !== 0) throw new SystemError("bind");
}

function set(fd: number, [level, option]: readonly [number, number], value: Uint8Array): void {
  if (libc().setsockopt(fd, level, option, value, value.length) !== 0) {
    throw new SystemError("setsockopt");
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
