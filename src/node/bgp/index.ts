export { BgpReconciler, type BgpOptions, type SessionSight } from "./bgp-reconciler.ts";
export { systemLinks } from "./discovery-socket.ts";
export { tcpTransport } from "./tcp-transport.ts";
