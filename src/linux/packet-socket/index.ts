export { PacketSocket, type ReceivedPacket } from "./packet-socket.ts";
export { udpFilter } from "./packet-filter.ts";
