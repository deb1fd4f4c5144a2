import type { Socket } from "node:net";
import { libc } from "../libc/index.ts";

const socketLevel = 1;
/** SO_PEERCRED of unix(7): who called connect(2) or listen(2) at the other end, as three numbers of 32 bits. */
const peerCredentials = 17;
const userAt = 4;

/** The user, as the kernel knows it, of the process at the other end of a Unix socket; undefined once it is closed. */
export function peerUserOf(socket: Socket): number | undefined {
  // Node does not say the number of a socket in any other way.
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  const value = new DataView(new ArrayBuffer(12));
  const length = Uint32Array.of(value.byteLength);
  if (libc().getsockopt(fd, socketLevel, peerCredentials, value.buffer, length) !== 0) return undefined;
  return value.getUint32(userAt, true);
}
