import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { peerUserOf } from "../../linux/peer-credentials/index.ts";
import { listen, reach, type Reached } from "./abstract-socket.ts";

/** How a node was taken over: from nobody, from an agent that let go, or past one that does not answer. */
export type Taken = "free" | "given" | "past a silent one";

export interface SuccessionOptions {
  /** How long a predecessor has to let go, before it is gone past. */
  readonly patienceMs?: number;
}

export class SuccessionError extends Error {
  readonly code = "succession.not-allowed";

  constructor(nodeName: string) {
    super(`node ${nodeName}: root runs an agent here; must be root as well to take its place`);
  }
}

const defaultPatienceMs = 8_000;
/** Until one who goes at this very moment is tried again. */
const retryMs = 50;
const words = { take: "take\n", given: "given\n" } as const;

/**
 * One agent after the other on a node. The one in office listens at a name of the kernel's own (an abstract Unix socket,
 * unix(7)): it needs no folder that both can see, is there as long as the process lives, and belongs to the network
 * namespace, as the node's sessions and rules do. A newcomer connects, which tells that there will be a successor, and
 * asks for the node when it is ready to do the work. The connection stays: each learns when the other is gone.
 *
 * Anybody on the node may connect to such a socket, or listen at its name first. So each side asks the kernel who the other
 * is, and has to do with its own user alone.
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
  #predecessor: Reached | undefined;
  #stranger: number | undefined;

  private constructor(nodeName: string, { patienceMs = defaultPatienceMs }: SuccessionOptions) {
    this.#name = `fairlead/node/${nodeName}`;
    this.#patienceMs = patienceMs;
  }

  /**
   * In office if nobody else is, otherwise known to the one who is. Throws a `SuccessionError` where that is root, who is
   * no impostor, and we are not.
   */
  static async begin(nodeName: string, options: SuccessionOptions = {}): Promise<Succession> {
    const succession = new Succession(nodeName, options);
    await succession.#enter();
    if (succession.stranger === 0) throw new SuccessionError(nodeName);
    return succession;
  }

  /** Whether another is in office, who may hold ports that we want. */
  get isWaiting(): boolean {
    return this.#server === undefined && this.#stranger === undefined;
  }

  /** The user who listens in an agent's place, where that is another than ours: nobody succeeds or is succeeded then. */
  get stranger(): number | undefined {
    return this.#stranger;
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
    await this.#ask(AbortSignal.any([signal, AbortSignal.timeout(this.#patienceMs)]));
    if (!this.isWaiting) return "given";
    // It may still end, or wake up and let go.
    void this.#ask(this.#closed.signal);
    return "past a silent one";
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

  async #ask(over: AbortSignal): Promise<void> {
    while (this.isWaiting && !over.aborted) {
      const predecessor = this.#predecessor;
      predecessor?.socket.write(words.take);
      await Promise.race([predecessor?.says(words.given) ?? sleep(retryMs), aborted(over)]);
      if (!over.aborted) await this.#enter();
    }
  }

  /**
   * Takes office, or becomes known to who is in it; neither where that one goes at this very moment. The connection to a
   * predecessor that has let go stays: by its end that one would learn that it has no successor any more.
   */
  async #enter(): Promise<void> {
    this.#server = await listen(this.#name, (socket) => this.#receive(socket));
    if (this.#server === undefined) await this.#find();
    if (!this.isWaiting) this.#freed.resolve();
  }

  async #find(): Promise<void> {
    this.#predecessor?.socket.destroy();
    this.#predecessor = await reach(this.#name);
    const user = this.#predecessor && peerUserOf(this.#predecessor.socket);
    if (user === undefined || user === process.geteuid?.()) return;
    this.#predecessor?.socket.destroy();
    this.#stranger = user;
  }

  #receive(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (peerUserOf(socket) !== process.geteuid?.()) return void socket.destroy();
    this.#successors.add(socket);
    socket.on("close", () => this.#successors.delete(socket));
    let heard = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard = (heard + text).slice(-words.take.length);
      if (heard === words.take) this.#asked.abort();
    });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
