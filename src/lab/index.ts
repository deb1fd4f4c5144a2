export { BgpCluster, fairlead, kubectlPath, manifest } from "./bgp/bgp-cluster.ts";
export { tellBgpStory } from "./bgp/bgp-story.ts";
export { tellLossWindows, type LossWindowsReport } from "./bgp/loss-windows.ts";
export type { BfdTimes } from "./frr-switch.ts";
export { labs } from "./lab-folder.ts";
export type { PhaseReport } from "./load/phase.ts";
export type { Audience, Observation, Step, StoryReport } from "./story.ts";
export { takeDown } from "./take-down.ts";
export { until } from "./until.ts";
