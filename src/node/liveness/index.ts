export { BfdLiveness, type DetectionTimes } from "./bfd-liveness.ts";
export type { DeadNode, Liveness } from "./liveness.ts";
