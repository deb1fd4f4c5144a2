import { libc } from "../libc/index.ts";

// linux/netlink.h, linux/netfilter/nfnetlink.h and nf_tables.h
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_NETFILTER = 12;
const NLM_F_REQUEST = 1;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWGEN = 15;
const NFT_MSG_GETGEN = 16;
const NFTA_GEN_ID = 1;
const MSG_DONTWAIT = 0x40;
const headerBytes = 20;

/**
 * Tells the number of transactions that nftables has seen in this network namespace, whoever made them. What packets do
 * to sets and maps counts as none.
 */
export class Generation {
  // Kept open: to close it waits for what the last transaction removed to be freed, 10 ms and more.
  readonly #fd: number;

  constructor() {
    this.#fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (this.#fd < 0) throw new Error("nftables: no netlink socket to ask for the generation");
  }

  read(): number {
    const question = Buffer.alloc(headerBytes);
    question.writeUInt32LE(headerBytes, 0);
    question.writeUInt16LE((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN, 4);
    question.writeUInt16LE(NLM_F_REQUEST, 6);
    libc().send(this.#fd, question, question.length, 0);
    // The kernel has answered when `send` returns.
    const answer = Buffer.alloc(1024);
    const length = libc().recv(this.#fd, answer, answer.length, MSG_DONTWAIT);
    return generationIn(answer.subarray(0, Math.max(0, length)));
  }

  close(): void {
    libc().close(this.#fd);
  }
}

function generationIn(answer: Buffer): number {
  const type = answer.length < headerBytes ? undefined : answer.readUInt16LE(4);
  if (type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN)) throw new Error("nftables: did not tell its generation");
  for (let at = headerBytes; at + 8 <= answer.length; at += (answer.readUInt16LE(at) + 3) & ~3) {
    if (answer.readUInt16LE(at) < 4) break;
    if (answer.readUInt16LE(at + 2) === NFTA_GEN_ID) return answer.readUInt32BE(at + 4);
  }
  throw new Error("nftables: told no generation");
}
