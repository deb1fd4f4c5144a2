import { parseAddress, type Ipv4Address } from "../net/index.ts";
import type { Node } from "../kubernetes/resources/index.ts";

/** This machine's Node, and the address that names it among routers. */
export interface OwnNode {
  readonly node: Node;
  readonly address: Ipv4Address;
}

/** What an agent needs of its Node, or a sentence that says what is missing. */
export function readOwnNode(node: Node | undefined, name: string): OwnNode | string {
  if (node === undefined) return `Node ${name}: there is none of this name; --node-name must name this machine's`;
  for (const { type, address: text } of node.status?.addresses ?? []) {
    const address = type === "InternalIP" ? parseAddress(text) : undefined;
    if (address?.family === 4) return { node, address };
  }
  return `Node ${name}: status.addresses: has no InternalIP of IPv4, which BGP needs as the router's identifier`;
}
