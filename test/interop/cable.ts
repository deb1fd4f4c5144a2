import { execFileSync } from "node:child_process";
import type { Neighbour } from "./namespaces.ts";

/** Nothing arrives at either end any more, and nobody is told: the carrier stays. */
export function cutBothWays(neighbour: Neighbour): void {
  neighbour.cut();
  theirs(neighbour, ["add", "table", "netdev", "cut"]);
  const hook = "{ type filter hook ingress device eth0 priority 0; policy drop; }";
  theirs(neighbour, ["add", "chain", "netdev", "cut", "ingress", hook]);
}

export function mendBothWays(neighbour: Neighbour): void {
  neighbour.mend();
  theirs(neighbour, ["delete", "table", "netdev", "cut"]);
}

function theirs({ name }: Neighbour, args: readonly string[]): void {
  execFileSync("ip", ["netns", "exec", name, "nft", ...args]);
}
