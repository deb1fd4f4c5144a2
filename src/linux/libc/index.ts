/** The C library, as far as Node has no name for what we ask of the kernel; what all kinds of sockets have in common. */
export { libc } from "./libc.ts";
export { interfaceIndex, interfaceName } from "./interface-name.ts";
export { ReceiveBuffer, type ReceivedDatagram } from "./receive-buffer.ts";
export { addressFamily, encodeSocketAddress, type SocketAddress } from "./socket-address.ts";
export { checked, lastErrorCode, SocketError } from "./socket-error.ts";
export { setOption } from "./socket-options.ts";
