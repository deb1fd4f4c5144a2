import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { formatAddress, ipv4 } from "../src/net/index.ts";
import { decodeControlPacket, type ControlPacket } from "../src/protocols/bfd/index.ts";
import { end } from "./measured-process.ts";

export interface CapturedPacket {
  /** Milliseconds since 1970, by the kernel, when it came in. */
  readonly atMs: number;
  readonly source: string;
  readonly packet: ControlPacket;
}

/** Octets before the packets in what tcpdump writes (pcap-savefile(5)), and before each. */
const fileHeader = 24;
const recordHeader = 16;
/** Before the IP header: LINKTYPE_LINUX_SLL2, which `-i any` gives. */
const linkHeader = 20;
const udpHeader = 8;

/** What tcpdump sees of BFD over IPv4 coming in to a network namespace. */
export class BfdCapture implements AsyncDisposable {
  readonly packets: CapturedPacket[] = [];
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #unread: Buffer = Buffer.alloc(0);
  #isBegun = false;

  private constructor(namespace: string) {
    const args = ["-i", "any", "-Q", "in", "--immediate-mode", "-U", "-w", "-", "ip and udp dst port 3784"];
    this.#child = spawn("ip", ["netns", "exec", namespace, "tcpdump", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.on("data", (data: Buffer) => this.#read(data));
  }

  static async start(namespace: string): Promise<BfdCapture> {
    const capture = new BfdCapture(namespace);
    await once(capture.#child.stderr, "data"); // says that it listens
    capture.#child.stderr.resume();
    return capture;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, "SIGTERM");
  }

  #read(data: Buffer): void {
    let rest = Buffer.concat([this.#unread, data]);
    if (!this.#isBegun && rest.length >= fileHeader) {
      this.#isBegun = true;
      rest = rest.subarray(fileHeader);
    }
    while (this.#isBegun && rest.length >= recordHeader) {
      const length = rest.readUInt32LE(8);
      if (rest.length < recordHeader + length) break;
      const atMs = rest.readUInt32LE(0) * 1_000 + rest.readUInt32LE(4) / 1_000;
      this.#take(atMs, rest.subarray(recordHeader + linkHeader, recordHeader + length));
      rest = rest.subarray(recordHeader + length);
    }
    this.#unread = rest;
  }

  #take(atMs: number, ip: Buffer): void {
    const ipHeader = ((ip[0] ?? 0) & 15) * 4;
    const packet = decodeControlPacket(ip.subarray(ipHeader + udpHeader));
    if (typeof packet === "string") throw new Error(`captured what is no BFD: ${packet}`);
    this.packets.push({ atMs, source: formatAddress(ipv4(ip.readUInt32BE(12))), packet });
  }
}
