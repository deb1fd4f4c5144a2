import { libc } from "./libc.ts";
import { checked } from "./socket-error.ts";

/** Sets an option of a socket; where the kernel wants an `int`, a number will do. Throws a `SocketError` about `what`. */
export function setOption(fd: number, what: string, level: number, name: number, value: number | Uint8Array): void {
  const bytes = typeof value === "number" ? new Uint8Array(Int32Array.of(value).buffer) : value;
  checked(what, libc().setsockopt(fd, level, name, bytes, bytes.length));
}
