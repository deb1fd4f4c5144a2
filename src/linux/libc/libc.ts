import koffi from "koffi";

type Memory = Uint8Array | Int32Array | object;

/** The functions of the C library in use, as their manual pages name them. */
interface Functions {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Memory, length: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Memory, length: number) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: Memory, length: Uint32Array) => number;
  readonly send: (fd: number, bytes: Memory, length: number, flags: number) => number;
  readonly sendto: (
    fd: number,
    bytes: Memory,
    length: number,
    flags: number,
    address: Memory,
    addressLength: number,
  ) => number;
  readonly recv: (fd: number, bytes: Memory, length: number, flags: number) => number;
  readonly recvfrom: (
    fd: number,
    bytes: Memory,
    length: number,
    flags: number,
    address: Memory,
    addressLength: Memory,
  ) => number;
  readonly recvmsg: (fd: number, message: Memory, flags: number) => number;
  readonly close: (fd: number) => number;
  readonly if_nametoindex: (name: string) => number;
  readonly if_indextoname: (index: number, name: Memory) => unknown;
  readonly sched_setscheduler: (thread: number, policy: number, parameters: Memory) => number;
  readonly malloc_trim: (keep: number) => number;
  readonly madvise: (address: bigint, length: bigint, advice: number) => number;
}

let loaded: Functions | undefined;

/** Loaded on first use: who needs none of it does not pay for it. */
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
    getsockopt: library.func("int getsockopt(int fd, int level, int name, void *value, void *length)"),
    send: library.func("intptr_t send(int fd, const void *bytes, size_t length, int flags)"),
    sendto: library.func(
      "intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)",
    ),
    recv: library.func("intptr_t recv(int fd, void *bytes, size_t length, int flags)"),
    recvfrom: library.func(
      "intptr_t recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)",
    ),
    recvmsg: library.func("intptr_t recvmsg(int fd, void *message, int flags)"),
    close: library.func("int close(int fd)"),
    if_nametoindex: library.func("unsigned int if_nametoindex(str name)"),
    if_indextoname: library.func("void *if_indextoname(unsigned int index, void *name)"),
    sched_setscheduler: library.func("int sched_setscheduler(int thread, int policy, const void *parameters)"),
    malloc_trim: library.func("int malloc_trim(size_t keep)"),
    madvise: library.func("int madvise(uintptr_t address, size_t length, int advice)"),
  };
}
