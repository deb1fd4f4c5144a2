import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { peerUserOf } from "../../linux/peer-credentials/index.ts";

/** How a node was taken over: from nobody, from an agent that let go, or past one that does not answer. */
export type Taken = "free" | "given" | "past a silent one";

export interface SuccessionOptions {
  /** How long a predecessor has to let go, before it is gone past. */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 5_000;
const words = { take: "take\n", given: "given\n" } as const;

/** Whoever is in office, as a newcomer sees it. */
interface Predecessor {
  readonly socket: Socket;
  /** Resolved when it has said that it holds nothing any more, or is gone. */
  readonly free: Promise<void>;
}

/**
 * One agent after the other on a node. The one in office listens at a name of the kernel's own (an abstract Unix socket,
 * unix(7)): it needs no folder that both can see, is there as long as the process lives, and belongs to the network
 * namespace, as the node's sessions and rules do. A newcomer connects, which tells that there will be a successor, and
 * asks for the node when it is ready to do the work. The connection stays: each learns when the other is gone.
 */
export class Succession {
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #asked = new AbortController();
  readonly #closed = new AbortController();
  /** Resolved when no predecessor holds a port any more, as far as that can be known. */
  readonly #freed = Promise.withResolvers<void>();
  readonly #successors = new Set<Socket>();
  #server: Server | undefined;
  #predecessor: Predecessor | undefined;

  private constructor(nodeName: string, { patienceMs = defaultPatienceMs }: SuccessionOptions) {
    this.#name = `\0fairlead/node/${nodeName}`;
    this.#patienceMs = patienceMs;
  }

  /** In office if nobody else is, otherwise known to the one who is. */
  static async begin(nodeName: string, options: SuccessionOptions = {}): Promise<Succession> {
    const succession = new Succession(nodeName, options);
    await succession.#enter();
    return succession;
  }

  /** Whether another is in office, who may hold ports that we want. */
  get isWaiting(): boolean {
    return this.#server === undefined;
  }

  /** When whoever was in office has let go of everything, or is gone. */
  get freed(): Promise<void> {
    return this.#freed.promise;
  }

  /** Aborted when a successor asks for the node. */
  get asked(): AbortSignal {
    return this.#asked.signal;
  }

  /** Whether there is a successor, ready or still starting: who leaves now leaves everything to it. */
  get hasSuccessor(): boolean {
    return this.#asked.signal.aborted || this.#successors.size > 0;
  }

  /** Asks whoever is in office to let go. Ends when it has, when it is gone, or when it was given the time to. */
  async take(signal: AbortSignal): Promise<Taken> {
    if (!this.isWaiting) return "free";
    const end = Date.now() + this.#patienceMs;
    while (this.isWaiting && !signal.aborted) {
      const leftMs = end - Date.now();
      if (leftMs <= 0) {
        void this.#enterLater();
        return "past a silent one";
      }
      const predecessor = this.#predecessor;
      predecessor?.socket.write(words.take);
      const over = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
      await Promise.race([predecessor?.free, aborted(over)]);
      if (!over.aborted) await this.#enter();
    }
    return "given";
  }

  /**
   * Says that everything is free, and waits until the signal is aborted or no successor is left. A process that ended
   * before would be started again by its kubelet, and be the next successor.
   */
  async letGo(signal: AbortSignal): Promise<void> {
    this.#server?.close();
    const successors = [...this.#successors];
    for (const successor of successors) successor.write(words.given);
    const gone = Promise.all(successors.map(async (each) => each.closed || once(each, "close")));
    await Promise.race([gone, aborted(signal)]);
  }

  /** For the end of the process. */
  close(): void {
    this.#closed.abort();
    this.#server?.close();
    this.#predecessor?.socket.destroy();
    for (const successor of this.#successors) successor.destroy();
  }

  /**
   * Takes office, or becomes known to who is in it; neither where that one goes at this very moment. The connection to a
   * predecessor that has let go stays: by its end that one would learn that it has no successor any more.
   */
  async #enter(): Promise<void> {
    this.#server = await listen(this.#name, (socket) => this.#receive(socket));
    if (this.#server !== undefined) return this.#freed.resolve();
    this.#predecessor?.socket.destroy();
    this.#predecessor = await reach(this.#name);
  }

  /** The silent one may still end, or wake up and let go. */
  async #enterLater(): Promise<void> {
    const closed = this.#closed.signal;
    while (this.isWaiting && !closed.aborted) {
      await Promise.race([this.#predecessor?.free, aborted(closed)]);
      if (closed.aborted) return;
      await this.#enter();
      if (this.isWaiting) this.#predecessor?.socket.write(words.take);
    }
  }

  #receive(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    // Anybody on the node may connect to an abstract socket; only our own user, or root, may have the node.
    const user = peerUserOf(socket);
    if (user !== 0 && user !== process.getuid?.()) return void socket.destroy();
    this.#successors.add(socket);
    socket.on("close", () => this.#successors.delete(socket));
    let heard = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard = (heard + text).slice(-words.take.length);
      if (heard === words.take) this.#asked.abort();
    });
  }
}

/** Undefined where another listens. */
function listen(path: string, accept: (socket: Socket) => void): Promise<Server | undefined> {
  const server = createServer(accept);
  return new Promise((resolve, reject) => {
    server.once("listening", () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen({ path });
  });
}

/** Undefined where nobody listens any more. */
function reach(path: string): Promise<Predecessor | undefined> {
  const socket = connect({ path });
  const free = new Promise<void>((resolve) => {
    socket.setEncoding("utf8").on("data", (text: string) => text.endsWith(words.given) && resolve());
    socket.on("close", () => resolve());
  });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve({ socket, free }));
    socket.on("error", () => resolve(undefined));
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
