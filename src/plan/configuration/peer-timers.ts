import type { BGPPeer } from "../../kubernetes/resources/index.ts";
import type { Complain } from "./complaint.ts";
import type { Peer } from "./configuration.ts";
import { parseDurationMs } from "./duration.ts";

const defaultHoldTimeMs = 90_000;

/** A peer's times. */
export function readTimers(
  { spec }: BGPPeer,
  complain: Complain,
): Pick<Peer, "holdTimeMs" | "keepaliveTimeMs" | "connectTimeMs"> {
  const timeOf = (field: "holdTime" | "keepaliveTime" | "connectTime"): number | undefined => {
    const text = spec[field];
    const ms = text === undefined ? undefined : parseDurationMs(text);
    if (text !== undefined && ms === undefined) complain(`spec.${field}`, text, "must be a duration such as 90s");
    return ms;
  };
  const holdTimeMs = timeOf("holdTime") ?? defaultHoldTimeMs;
  if (holdTimeMs !== 0 && (holdTimeMs < 3_000 || holdTimeMs > 65_535_000 || holdTimeMs % 1_000 !== 0)) {
    complain("spec.holdTime", spec.holdTime, "must be 0s, or from 3s to 65535s in whole seconds (RFC 4271 §4.2)");
  }
  const keepaliveTimeMs = timeOf("keepaliveTime");
  if (keepaliveTimeMs !== undefined && keepaliveTimeMs > holdTimeMs && holdTimeMs !== 0) {
    complain("spec.keepaliveTime", spec.keepaliveTime, "must not be longer than holdTime");
  }
  if (keepaliveTimeMs === 0 && holdTimeMs !== 0) {
    complain("spec.keepaliveTime", spec.keepaliveTime, "must be longer than nothing");
  }
  const connectTimeMs = timeOf("connectTime");
  if (connectTimeMs !== undefined && (connectTimeMs < 1_000 || connectTimeMs > 65_535_000 || connectTimeMs % 1_000)) {
    complain("spec.connectTime", spec.connectTime, "must be whole seconds, from 1s to 65535s");
  }
  // Without a hold time there are no keepalives (RFC 4271 §4.4).
  return { holdTimeMs, keepaliveTimeMs: holdTimeMs === 0 ? undefined : keepaliveTimeMs, connectTimeMs };
}
