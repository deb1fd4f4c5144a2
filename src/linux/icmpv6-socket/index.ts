export { Icmpv6Socket, linkGroups, type Icmpv6SocketOptions, type ReceivedMessage } from "./icmpv6-socket.ts";
