export { BfdLiveness, type DetectionTimes } from "./bfd-liveness.ts";
export type { Liveness, NodesInSight } from "./liveness.ts";
