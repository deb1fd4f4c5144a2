export { UdpSocket, type UdpSocketOptions } from "./udp-socket.ts";
