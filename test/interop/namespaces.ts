import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import koffi from "koffi";

/** CLONE_NEWNET of `unshare(2)`. */
const newNetwork = 0x40000000;

/**
 * Moves this process into a network namespace of its own, which goes when the process goes. Sockets are made and children
 * started by the thread that runs JavaScript, so that moving that one thread is enough.
 */
export function enterOwnNamespace(): void {
  const unshare = koffi.load("libc.so.6").func("int unshare(int flags)") as (flags: number) => number;
  if (unshare(newNetwork) !== 0) throw new Error(`unshare failed with errno ${koffi.errno()}: this test needs root`);
  ip("link set lo up");
}

/** Moves this process into a network namespace that has a name; returns what moves it back. */
export function enterNamespace(name: string): () => void {
  const setns = koffi.load("libc.so.6").func("int setns(int fd, int type)") as (fd: number, type: number) => number;
  const own = openSync("/proc/self/ns/net", "r");
  const enter = (fd: number) => {
    if (setns(fd, newNetwork) !== 0) throw new Error(`setns failed with errno ${koffi.errno()}: it needs root`);
    closeSync(fd);
  };
  enter(openSync(`/run/netns/${name}`, "r"));
  return () => enter(own);
}

/** Another network namespace, joined to this process's by a cable. */
export class Neighbour implements Disposable {
  readonly name: string;
  /** This end of the cable. */
  readonly cable: string;

  /** `here` and `there` are addresses with prefix lengths, for the two ends of the cable. */
  constructor(suffix: string, here: readonly string[], there: readonly string[]) {
    this.name = `bgp-${process.pid}-${suffix}`;
    this.cable = `to-${suffix}`;
    ip(`netns add ${this.name}`);
    ip(`link add ${this.cable} type veth peer name eth0 netns ${this.name}`);
    for (const address of here) ip(`address add ${address} dev ${this.cable}${flags(address)}`);
    for (const address of there) ip(`-n ${this.name} address add ${address} dev eth0${flags(address)}`);
    ip(`link set ${this.cable} up`);
    ip(`-n ${this.name} link set lo up`);
    ip(`-n ${this.name} link set eth0 up`);
  }

  /**
   * Drops all that comes out of the cable here, without a word and without the carrier going, as a switch in between
   * would.
   */
  cut(): void {
    execFileSync("nft", ["add", "table", "netdev", "cut"]);
    const hook = `{ type filter hook ingress device ${this.cable} priority 0; policy drop; }`;
    execFileSync("nft", ["add", "chain", "netdev", "cut", "ingress", hook]);
  }

  mend(): void {
    execFileSync("nft", ["delete", "table", "netdev", "cut"]);
  }

  [Symbol.dispose](): void {
    ip(`link delete ${this.cable}`); // the kernel would do it, too, but some time after the namespace is gone
    ip(`netns del ${this.name}`);
  }
}

/** Duplicate address detection would keep an IPv6 address unusable for a second or two. */
function flags(address: string): string {
  return address.includes(":") ? " nodad" : "";
}

function ip(args: string): void {
  execFileSync("ip", args.split(" "), { stdio: ["ignore", "ignore", "inherit"] });
}
