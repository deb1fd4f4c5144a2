export { systemClock, type Clock, type Timer } from "./clock.ts";
export { SimulatedClock } from "./simulated-clock.ts";
