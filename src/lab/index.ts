export { BgpCluster, fairlead, kubectlPath, manifest } from "./bgp/bgp-cluster.ts";
export type { BfdTimes } from "./frr-switch.ts";
export { labs } from "./lab-folder.ts";
export type { LossRow } from "./load/loss-table.ts";
export type { PhaseReport } from "./load/phase.ts";
export type { Audience, Observation, Step, StoryReport } from "./story.ts";
export { takeDown } from "./take-down.ts";
export { until } from "./until.ts";
