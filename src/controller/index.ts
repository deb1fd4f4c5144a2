export { nothingReserved } from "./addresses/index.ts";
export { runController, type ControllerModules, type ControllerOptions } from "./controller.ts";
export type { EventSink } from "./events.ts";
export { controllerMetrics, type ControllerMetrics } from "./metrics.ts";
export { warmUpController } from "./warm-up.ts";
