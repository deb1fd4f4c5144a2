import { formatAddress } from "../net/index.ts";
import type { KubernetesObject } from "../kubernetes/resources/index.ts";
import { describe, type AllocationDecision, type ObjectReason } from "../plan/index.ts";
import { complaintOf } from "./configuration-conditions.ts";

/** Where events go; never waits. */
export interface EventSink {
  record(object: KubernetesObject, event: { type: "Normal" | "Warning"; reason: string; message: string }): void;
}

/** The events that MetalLB's users know, from the plan's reasons. */
export class AllocationEvents {
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** A Service that asks for an address and gets none. */
  failed(service: KubernetesObject, decision: AllocationDecision): void {
    const message = `no address: ${decision.reasons.map(describe).join("; ")}`;
    this.#sink.record(service, { type: "Warning", reason: "AllocationFailed", message });
  }

  /** A status that was written; `before` is what it said until then. */
  written(service: KubernetesObject, decision: AllocationDecision, before: readonly string[]): void {
    const now = decision.addresses.map(formatAddress);
    const reasons = decision.reasons.map(describe).join("; ");
    if (now.length > 0) {
      this.#sink.record(service, {
        type: "Normal",
        reason: "IPAllocated",
        message: `assigned ${now.join(", ")}: ${reasons}`,
      });
    } else {
      this.#sink.record(service, {
        type: "Warning",
        reason: "ClearAssignment",
        message: `cleared ${before.join(", ")}: ${reasons}`,
      });
    }
  }

  misconfigured(object: KubernetesObject, problems: readonly ObjectReason[]): void {
    const message = `${problems.map(describe).join("; ")}. The last good configuration stays in force`;
    this.#sink.record(object, { type: "Warning", reason: complaintOf(problems), message });
  }
}
