export { Conntrack, type UdpFlow } from "./conntrack.ts";
