export { SocketError, UdpSocket, type ReceivedDatagram, type UdpSocketOptions } from "./udp-socket.ts";
export { encodeSocketAddress, type SocketAddress } from "./socket-address.ts";
export { interfaceIndex, interfaceName } from "./interface-name.ts";
