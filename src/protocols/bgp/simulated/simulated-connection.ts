import type { Clock } from "../../clock/index.ts";
import { TransportError, type Connection, type ConnectionHandlers, type Endpoint } from "../transport.ts";

export interface WireOptions {
  /** How long everything takes from one host to another, in ms. Default 1. */
  readonly latencyMs: number;
  /** Bytes under way in one direction from which on writers are asked to wait. Default 65,536. */
  readonly windowBytes: number;
  /** Streams arrive in pieces of at most so many bytes. Default: as they were written. */
  readonly chunkBytes: number;
}

type Item = { readonly bytes: Uint8Array } | { readonly end: true } | { readonly reset: TransportError };

/** One direction of a connection: what was put in comes out in order, after the latency. */
export class Wire {
  readonly #clock: Clock;
  readonly #options: WireOptions;
  readonly #isCut: () => boolean;
  readonly #items: { readonly at: number; readonly item: Item }[] = [];
  #isWaiting = false;
  #bytesUnderWay = 0;
  /** Who is at the far end; until there is somebody, all waits. */
  receive: ((item: Item) => void) | undefined;
  /** Who is at the near end: told when there is room again. */
  drained: (() => void) | undefined;

  constructor(clock: Clock, options: WireOptions, isCut: () => boolean) {
    this.#clock = clock;
    this.#options = options;
    this.#isCut = isCut;
  }

  get isFull(): boolean {
    return this.#bytesUnderWay >= this.#options.windowBytes;
  }

  /** What is under way beyond the window. */
  get waitingBytes(): number {
    return Math.max(0, this.#bytesUnderWay - this.#options.windowBytes);
  }

  put(item: Item): void {
    const at = this.#clock.now() + this.#options.latencyMs;
    if (!("bytes" in item)) this.#items.push({ at, item });
    else {
      this.#bytesUnderWay += item.bytes.length;
      const step = Math.min(this.#options.chunkBytes, item.bytes.length);
      for (let from = 0; from < item.bytes.length; from += step) {
        this.#items.push({ at, item: { bytes: item.bytes.slice(from, from + step) } });
      }
    }
    this.resume();
  }

  /** Delivers the next item when it is due, if nothing is in its way. */
  resume(): void {
    const next = this.#items[0];
    if (next === undefined || this.#isWaiting || this.#isCut() || this.receive === undefined) return;
    this.#isWaiting = true;
    this.#clock.setTimer(Math.max(0, next.at - this.#clock.now()), () => {
      this.#isWaiting = false;
      if (this.#isCut()) return;
      this.#items.shift();
      const wasFull = this.isFull;
      if ("bytes" in next.item) this.#bytesUnderWay -= next.item.bytes.length;
      this.receive?.(next.item);
      if (wasFull && !this.isFull) this.drained?.();
      this.resume();
    });
  }
}

/** One end of a connection of the simulated network. */
export class SimulatedConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #clock: Clock;
  readonly #out: Wire;
  readonly #in: Wire;
  #handlers: ConnectionHandlers | undefined;
  #hasEnded = false;
  #peerHasEnded = false;
  #isClosed = false;

  constructor(clock: Clock, ends: { readonly local: Endpoint; readonly remote: Endpoint }, out: Wire, incoming: Wire) {
    this.#clock = clock;
    this.local = ends.local;
    this.remote = ends.remote;
    this.#out = out;
    this.#in = incoming;
  }

  open(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    this.#out.drained = () => {
      if (!this.#isClosed) handlers.drained();
    };
    this.#in.receive = (item) => this.#receive(item);
    this.#in.resume();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#hasEnded || this.#isClosed) return true;
    this.#out.put({ bytes });
    return !this.#out.isFull;
  }

  get unsentBytes(): number {
    return this.#out.waitingBytes;
  }

  end(): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    this.#out.put({ end: true });
    this.#closeIfBothEnded();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#out.put({ reset: new TransportError("transport.reset", "read ECONNRESET") });
    this.#close(undefined);
  }

  #receive(item: Item): void {
    if (this.#isClosed) return;
    if ("bytes" in item) this.#handlers?.received(item.bytes);
    else if ("reset" in item) this.#close(item.reset);
    else {
      this.#peerHasEnded = true;
      this.#handlers?.ended();
      this.#closeIfBothEnded();
    }
  }

  #closeIfBothEnded(): void {
    if (this.#hasEnded && this.#peerHasEnded) this.#close(undefined);
  }

  #close(error: TransportError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clock.setTimer(0, () => this.#handlers?.closed(error));
  }
}
