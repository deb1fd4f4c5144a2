/** Router discovery (RFC 4861 §6) between two routers of one link, by which BGP finds a peer that has no number. */
export {
  decodeDiscoveryMessage,
  encodeDiscoveryMessage,
  type Arrival,
  type DiscoveryFault,
  type DiscoveryMessage,
  type RouterAdvertisement,
  type RouterSolicitation,
} from "./message.ts";
export { RouterDiscovery, type RouterDiscoveryOwner, type RouterDiscoveryPorts } from "./router-discovery.ts";
