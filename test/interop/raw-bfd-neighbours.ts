import { formatAddress, type Address } from "../../src/net/index.ts";
import { address as parsed } from "../../src/net/testing.ts";
import { encodeSocketAddress, type ReceivedDatagram } from "../../src/linux/libc/index.ts";
import { UdpSocket } from "../../src/linux/udp-socket/index.ts";
import { decodeControlPacket, type ControlPacket, type SessionState } from "../../src/protocols/bfd/packet.ts";
import { packetOf, type BfdAnswer, type BfdCase, type SessionInUse } from "../corpus/bfd-case.ts";

/** RFC 5881 §4: any of these. */
const sourcePort = 50_000;
const controlPort = 3784;
/** Where discriminators are counted from. */
const usual = 1_000;
const fences = [2_000, 3_000] as const;

/** Neighbours played by hand, one at each address, each with one session. */
export class RawBfdNeighbours implements Disposable {
  readonly #socket: UdpSocket;
  readonly #byAddress: ReadonlyMap<string, RawBfdNeighbour>;

  constructor(neighbours: readonly RawBfdNeighbour[]) {
    this.#byAddress = new Map(neighbours.map((each) => [each.address, each]));
    const local = { address: parsed("0.0.0.0"), port: controlPort };
    this.#socket = new UdpSocket({ local, ttl: 255, trafficClass: 0 });
    this.#socket.onDatagram(({ destination, bytes }: ReceivedDatagram) => {
      const packet = decodeControlPacket(bytes);
      if (typeof packet === "string") throw new Error(`a packet that is none: ${packet}`);
      this.#byAddress.get(formatAddress(destination))?.hear(packet);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
    for (const neighbour of this.#byAddress.values()) neighbour[Symbol.dispose]();
  }
}

/** One of them. It comes up, answers each Poll, and says what its case says. */
export class RawBfdNeighbour implements Disposable {
  readonly case: BfdCase;
  readonly address: string;
  readonly #asked: Address;
  readonly #elsewhere: string;
  readonly #sockets: UdpSocket[] = [];
  readonly #socket: UdpSocket;
  readonly #index: number;
  #theirs = 0;
  #isUp = false;
  #isAnswered = false;
  #phase: "usual" | "misbehaving" | "fence" | "second fence" | "done" = "usual";
  #stateAfter: SessionState = "up";

  constructor(each: BfdCase, address: string, index: number, asked: string, elsewhere: string) {
    this.case = each;
    this.address = address;
    this.#asked = parsed(asked);
    this.#elsewhere = elsewhere;
    this.#index = index;
    this.#socket = this.#open(address, 255, sourcePort);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  misbehave(): void {
    const { bytes, ttl, port, isFromElsewhere } = this.case;
    const from = isFromElsewhere ? this.#elsewhere : this.address;
    this.#phase = "misbehaving";
    this.#open(from, ttl, sourcePort + 1).send(bytes(this.#session), this.#to(port));
  }

  /**
   * A good packet, to see when what was before it has been read: the answer to it names another discriminator. Two of them,
   * one after the other is answered: what came to another port may be read after the first.
   */
  sayMore(): void {
    if (this.#phase === "misbehaving") this.#phase = "fence";
    this.#say({ poll: true });
  }

  get answer(): BfdAnswer | undefined {
    if (this.#phase !== "done") return undefined;
    const state = this.#stateAfter === "up" ? "up" : "down";
    if (this.#isAnswered) return state;
    return state === "up" ? "discarded" : "down, unanswered";
  }

  hear(packet: ControlPacket): void {
    this.#theirs = packet.myDiscriminator;
    if (packet.final && this.#phase !== "usual") return this.#hearAnswer(packet);
    if (packet.final || this.#phase !== "usual") return;
    if (packet.poll) this.#say({ final: true });
    else if (packet.state !== "up") this.#say({ state: "init" });
    else this.#isUp = true;
  }

  #hearAnswer({ yourDiscriminator, state }: ControlPacket): void {
    const [first, second] = [fences[0] + this.#index, fences[1] + this.#index];
    if (yourDiscriminator !== first && yourDiscriminator !== second) this.#isAnswered = true;
    if (yourDiscriminator === first && this.#phase === "fence") this.#phase = "second fence";
    if (yourDiscriminator !== second) return;
    this.#phase = "done";
    this.#stateAfter = state;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }

  get #session(): SessionInUse {
    const base = this.#phase === "fence" ? fences[0] : this.#phase === "second fence" ? fences[1] : usual;
    return { ours: base + this.#index, theirs: this.#theirs };
  }

  #say(changes: Partial<ControlPacket>): void {
    this.#socket.send(packetOf(this.#session, changes), this.#to(controlPort));
  }

  #open(address: string, ttl: number, port: number): UdpSocket {
    const socket = new UdpSocket({ local: { address: parsed(address), port }, ttl, trafficClass: 0 });
    this.#sockets.push(socket);
    return socket;
  }

  #to(port: number): Uint8Array {
    return encodeSocketAddress({ address: this.#asked, port });
  }
}
