export { ConfigurationWatch, rolloutName, type ConfigurationState } from "./configuration-watch.ts";
export { listConfiguration } from "./list-configuration.ts";
export { outageLog } from "./outage-log.ts";
export { readSnapshot, type WholeSnapshot } from "./read-snapshot.ts";
