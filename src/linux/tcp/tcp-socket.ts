import koffi from "koffi";
import type { Address } from "../../net/index.ts";
import { interfaceIndex } from "../udp-socket/index.ts";

/** `socket(2)` and its kin, as far as Node has no name for what we ask of them; values of Linux's own headers. */
interface Functions {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly close: (fd: number) => number;
  readonly message: (errno: number) => string;
}

const domains = { 4: 2, 6: 10 } as const;
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

let loaded: Functions | undefined;

/** Loaded on first use: a node without such peers never pays for it. */
function libc(): Functions {
  if (loaded !== undefined) return loaded;
  const library = koffi.load("libc.so.6");
  loaded = {
    socket: library.func("int socket(int domain, int type, int protocol)"),
    setsockopt: library.func("int setsockopt(int fd, int level, int option, const uint8_t *value, uint32_t length)"),
    bind: library.func("int bind(int fd, const uint8_t *address, uint32_t length)"),
    close: library.func("int close(int fd)"),
    message: library.func("str strerror(int errnum)"),
  };
  return loaded;
}

/** A system call that failed, in the form of Node's own errors. `code` is as `ENOPROTOOPT`. */
export class SystemError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = codesByErrno.get(errno) ?? `errno ${errno}`;
    super(`${syscall} ${code}: ${libc().message(errno)}`);
    this.name = "SystemError";
    this.code = code;
    this.syscall = syscall;
  }
}

const codesByErrno = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

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
  const fd = libc().socket(domains[family], stream | closeOnExec | nonBlocking, tcp);
  if (fd < 0) throw new SystemError("socket", koffi.errno());
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
  socketAddress(peer, 0).copy(value);
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
  const bytes = socketAddress(address, port);
  if (link !== undefined) bytes.writeUInt32LE(interfaceIndex(link) ?? 0, 24);
  if (libc().bind(fd, bytes, bytes.length) !== 0) throw new SystemError("bind", koffi.errno());
}

function set(fd: number, [level, option]: readonly [number, number], value: Uint8Array): void {
  if (libc().setsockopt(fd, level, option, value, value.length) !== 0) {
    throw new SystemError("setsockopt", koffi.errno());
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** `sockaddr_in` or `sockaddr_in6`: the family in the machine's order, the rest in the network's. */
function socketAddress(address: Address, port: number): Buffer {
  const bytes = Buffer.alloc(address.family === 4 ? 16 : 28);
  bytes.writeUInt16LE(domains[address.family], 0);
  bytes.writeUInt16BE(port, 2);
  if (address.family === 4) bytes.writeUInt32BE(address.value, 4);
  else {
    bytes.writeBigUInt64BE(address.value >> 64n, 8);
    bytes.writeBigUInt64BE(address.value & 0xffffffffffffffffn, 16);
  }
  return bytes;
}
