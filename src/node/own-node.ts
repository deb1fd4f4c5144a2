import { parseAddress, type Address, type Ipv4Address } from "../net/index.ts";
import type { Node } from "../kubernetes/resources/index.ts";

/** This machine's Node, and the address that names it among routers. */
export interface OwnNode {
  readonly node: Node;
  readonly address: Ipv4Address;
  /** Where IPv6 routes of IPv4 sessions lead. */
  readonly address6: Address | undefined;
}

/** What an agent needs of its Node, or a sentence that says what is missing. */
export function readOwnNode(node: Node | undefined, name: string): OwnNode | string {
  if (node === undefined) return `Node ${name}: there is none of this name; --node-name must name this machine's`;
  const addresses = (node.status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP")
    .flatMap(({ address }) => parseAddress(address) ?? []);
  const address = addresses.find((each) => each.family === 4);
  const address6 = addresses.find((each) => each.family === 6);
  if (address !== undefined) return { node, address, address6 };
  return `Node ${name}: status.addresses: has no InternalIP of IPv4, which BGP needs as the router's identifier`;
}
