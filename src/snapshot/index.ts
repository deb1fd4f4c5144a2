export { ConfigurationWatch, type ConfigurationState, type ConfigurationWatchOptions } from "./configuration-watch.ts";
export { readSnapshot, type WholeSnapshot } from "./read-snapshot.ts";
