export { tcpTransport } from "./bgp/index.ts";
export { nodeMetrics, type NodeMetrics } from "./metrics.ts";
export { runNode, type NodeModules, type NodeOptions } from "./node.ts";
export { Succession } from "./succession/index.ts";
export { warmUpNode } from "./warm-up.ts";
