import type { ThreadPriority } from "../../linux/thread-priority/index.ts";
import type { NamedStateChange, SessionConfig, SystemStatus } from "../../protocols/bfd/index.ts";

/** What the main thread says to that of the sessions. */
export type Order =
  | { readonly type: "set-sessions"; readonly sessions: readonly SessionConfig[] }
  | { readonly type: "tell-status"; readonly id: number }
  | { readonly type: "stop" };

/** What it hears. */
export type News =
  | { readonly type: "state-changed"; readonly change: NamedStateChange }
  | { readonly type: "status"; readonly id: number; readonly status: BfdStatus };

export interface BfdStatus extends SystemStatus {
  /** Whether the thread comes before others at the processor; that takes CAP_SYS_NICE. */
  readonly priority: ThreadPriority;
}
