import { connect, createServer, type Server, type Socket } from "node:net";

/** What the address of such a socket holds, the zero at its start included (unix(7)). */
const longestName = 108;

/** Somebody who listens, as one who has connected sees it. */
export interface Reached {
  readonly socket: Socket;
  /** Resolves when the last that was heard is `what`, or the other is gone. */
  readonly says: (what: string) => Promise<void>;
}

/** Listens at a name in this network namespace. Undefined where another does. */
export function listen(name: string, accept: (socket: Socket) => void): Promise<Server | undefined> {
  const server = createServer(accept);
  return new Promise((resolve, reject) => {
    server.once("listening", () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen({ path: pathOf(name) });
  });
}

/** Undefined where nobody listens any more. */
export function reach(name: string): Promise<Reached | undefined> {
  const socket = connect({ path: pathOf(name) });
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => (heard = (heard + text).slice(-longestName)));
  const says = (what: string) =>
    new Promise<void>((resolve) => {
      const look = () => heard.endsWith(what) && resolve();
      look();
      socket.on("data", look).on("close", resolve);
      if (socket.destroyed) resolve();
    });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve({ socket, says }));
    socket.on("error", () => resolve(undefined));
  });
}

function pathOf(name: string): string {
  return `\0${name}`.slice(0, longestName);
}
