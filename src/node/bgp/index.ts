export { BgpReconciler, type BgpOptions, type SessionSight } from "./bgp-reconciler.ts";
export { tcpTransport } from "./tcp-transport.ts";
