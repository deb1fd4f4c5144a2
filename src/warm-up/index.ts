export { drive, type Until } from "./drive.ts";
export { SimulatedCluster } from "./simulated-cluster.ts";
