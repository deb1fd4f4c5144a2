import koffi from "koffi";

/** The functions of the C library in use, as their manual pages name them. */
interface Functions {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ) => number;
  readonly recvfrom: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: Int32Array,
  ) => number;
  readonly close: (fd: number) => number;
}

let loaded: Functions | undefined;

export function libc(): Functions {
  loaded ??= load();
  return loaded;
}

function load(): Functions {
  const library = koffi.load("libc.so.6");
  return {
    socket: library.func("int socket(int family, int type, int protocol)"),
    bind: library.func("int bind(int fd, const void *address, uint32_t length)"),
    setsockopt: library.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)"),
    sendto: library.func(
      "intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)",
    ),
    recvfrom: library.func(
      "intptr_t recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)",
    ),
    close: library.func("int close(int fd)"),
  };
}
