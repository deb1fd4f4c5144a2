export { Conntrack, type OpenFlow } from "./conntrack.ts";
