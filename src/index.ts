export { describe, plan, readConfiguration, type Plan, type Reason, type Snapshot } from "./plan/index.ts";
