import type { Socket } from "node:net";
import koffi from "koffi";

const socketLevel = 1;
/** SO_PEERCRED of socket(7): who called connect(2) or listen(2) at the other end, as three numbers of 32 bits. */
const peerCredentials = 17;
const userAt = 4;

/** The user, as the kernel knows it, of the process at the other end of a Unix socket; undefined once it is closed. */
export function peerUserOf(socket: Socket): number | undefined {
  // Node does not say the number of a socket in any other way.
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  const getsockopt = koffi
    .load("libc.so.6")
    .func("int getsockopt(int fd, int level, int option, uint8_t *value, uint32_t *length)");
  const value = Buffer.alloc(12);
  if (getsockopt(fd, socketLevel, peerCredentials, value, Uint32Array.of(value.length)) !== 0) return undefined;
  return value.readUInt32LE(userAt);
}
