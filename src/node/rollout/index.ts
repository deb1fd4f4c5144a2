export { SessionEvidence } from "./session-evidence.ts";
export { TrialWatch, type TrialVerdict } from "./trial-watch.ts";
