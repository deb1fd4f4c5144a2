import { connect, type Socket } from "node:net";
import { keepalive, types } from "../corpus/bgp-bytes.ts";
import { before, fence, openOf, type Answer, type BgpCase } from "../corpus/bgp-case.ts";
import { until } from "./frr.ts";

/** A BGP speaker played by hand, from an address of its own: it says what a case of the corpus says, and listens. */
export class RawPeer implements Disposable {
  readonly case: BgpCase;
  readonly address: string;
  readonly #socket: Socket;
  #buffered = Buffer.alloc(0);
  readonly #heard = new Set<number>();
  #notification: Answer | undefined;
  #isClosed = false;

  private constructor(each: BgpCase, address: string, socket: Socket) {
    this.case = each;
    this.address = address;
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("error", () => (this.#isClosed = true));
    socket.on("close", () => (this.#isClosed = true));
  }

  /** Connected, its OPEN (or what stands for it) sent after the other side's. Tries again while it is turned away. */
  static async start(each: BgpCase, address: string, asked: string): Promise<RawPeer> {
    let peer = new RawPeer(each, address, connect({ host: asked, port: 179, localAddress: address }));
    await until(`${asked} says OPEN to ${address}`, () => {
      if (peer.#isClosed) peer = new RawPeer(each, address, connect({ host: asked, port: 179, localAddress: address }));
      return peer.#heard.has(types.open);
    });
    peer.#socket.write(each.when === "opening" ? each.bytes : openOf(each.session));
    return peer;
  }

  /** What the session itself has come to; undefined while nothing is decided. */
  get answer(): Answer | undefined {
    if (this.#notification !== undefined) return this.#notification;
    if (this.#isClosed) return "closed";
    return this.case.when === "opening" && this.#heard.has(types.keepalive) ? "accepted" : undefined;
  }

  get hasKeepalive(): boolean {
    return this.#heard.has(types.keepalive);
  }

  confirm(): void {
    this.#socket.write(this.case.when === "open-confirm" ? this.case.bytes : keepalive);
  }

  announce(): void {
    this.#socket.write(before(this.case.session));
  }

  misbehave(): void {
    this.#socket.write(this.case.bytes);
  }

  /** A good message, to see when what was before it has been read. */
  sayMore(): void {
    this.#socket.write(fence(this.case.session));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #received(bytes: Uint8Array): void {
    this.#buffered = Buffer.concat([this.#buffered, bytes]);
    while (this.#buffered.length >= 19) {
      const length = this.#buffered.readUInt16BE(16);
      if (this.#buffered.length < length) return;
      const type = this.#buffered[18] ?? 0;
      this.#heard.add(type);
      if (type === types.notification) this.#notification ??= `${this.#buffered[19] ?? 0}/${this.#buffered[20] ?? 0}`;
      this.#buffered = this.#buffered.subarray(length);
    }
  }
}
