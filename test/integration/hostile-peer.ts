import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

const marker = Buffer.alloc(16, 0xff);

/** A BGP message: its body, and the type before it. */
export function message(type: number, body: Uint8Array = new Uint8Array(), length = 19 + body.length): Buffer {
  return Buffer.concat([marker, Buffer.from([length >> 8, length & 0xff, type]), body]);
}

/** An OPEN of AS 65210 (RFC 4271 §4.2), without optional parameters. */
export function open(holdTimeSeconds: number): Buffer {
  return message(1, Buffer.from([4, 65210 >> 8, 65210 & 0xff, 0, holdTimeSeconds, 9, 9, 9, 9, 0]));
}

export const keepalive = message(4);

/** What takes connections as a router would, and answers as none should. */
export class HostilePeer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** All that came in on each connection, the oldest first. */
  readonly heard: Buffer[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Says all of `words` on every connection, then nothing more, and leaves it open. */
  static async start(address: string, port: number, ...words: readonly Uint8Array[]): Promise<HostilePeer> {
    const server = createServer({ allowHalfOpen: true });
    const peer = new HostilePeer(server);
    server.on("connection", (socket) => {
      const index = peer.heard.push(Buffer.alloc(0)) - 1;
      peer.#sockets.add(socket);
      socket.on("close", () => peer.#sockets.delete(socket));
      socket.on("error", () => {}); // a connection that is dropped is what is expected here
      socket.on("data", (bytes: Buffer) => {
        peer.heard[index] = Buffer.concat([peer.heard[index] ?? Buffer.alloc(0), bytes]);
      });
      for (const word of words) socket.write(word);
    });
    server.listen(port, address);
    await once(server, "listening");
    return peer;
  }

  /** The NOTIFICATIONs heard so far, each as `code/subcode`; at most one can come on a connection. */
  get notifications(): string[] {
    return this.heard.flatMap((bytes) => {
      const at = lastMessage(bytes);
      return at !== undefined && bytes[at + 18] === 3 ? [`${bytes[at + 19]}/${bytes[at + 20]}`] : [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Where the last whole message of what was heard begins. */
function lastMessage(bytes: Buffer): number | undefined {
  let last: number | undefined;
  for (let at = 0; at + 19 <= bytes.length; at += Math.max(19, bytes.readUInt16BE(at + 16))) last = at;
  return last;
}
