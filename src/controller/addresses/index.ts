export { addressApi, isConflict } from "./address-api.ts";
export { Allocator } from "./allocator.ts";
export { feedAllocator } from "./feed-allocator.ts";
export { nothingReserved, type Reserved } from "./own-reservation.ts";
export { versionIn } from "./window.ts";
export type { PaceLimits } from "./write-pace.ts";
