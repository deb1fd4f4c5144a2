export {
  bindListener,
  closeSocket,
  openTcpSocket,
  setMd5Key,
  setTcpOptions,
  SystemError,
  type TcpSocketOptions,
} from "./tcp-socket.ts";
