/** `fairlead/bgp`: a BGP speaker with what it needs to run on this machine. docs/reference/bgp.md is its page. */
import { tcpTransport } from "./node/bgp/tcp-transport.ts";
import type { SpeakerPorts } from "./protocols/bgp/index.ts";
import { systemClock } from "./protocols/clock/index.ts";

export * from "./protocols/bgp/index.ts";
export { tcpTransport } from "./node/bgp/tcp-transport.ts";
export { SimulatedClock, systemClock, type Clock, type Timer } from "./protocols/clock/index.ts";
export {
  formatAddress,
  formatPrefix,
  ipv4,
  ipv6,
  parseAddress,
  parsePrefix,
  prefixOf,
  sameAddress,
  type Address,
  type AddressFamily,
  type Ipv4Address,
  type Ipv6Address,
  type Prefix,
} from "./net/index.ts";

/** This machine's clock and TCP: what a speaker outside of tests is made with. */
export const systemPorts: SpeakerPorts = { clock: systemClock, transport: tcpTransport };
