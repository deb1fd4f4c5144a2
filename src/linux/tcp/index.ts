export { bindListener, closeSocket, openTcpSocket, setMd5Key, setTcpOptions } from "./tcp-socket.ts";
