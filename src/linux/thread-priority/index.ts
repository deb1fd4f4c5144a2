export { raiseThreadPriority, type ThreadPriority } from "./thread-priority.ts";
