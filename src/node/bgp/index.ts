export { BgpReconciler, type BgpOptions } from "./bgp-reconciler.ts";
export { tcpTransport } from "./tcp-transport.ts";
