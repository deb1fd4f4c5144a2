import type { NodeReport } from "../kubernetes/resources/index.ts";
import type { PeerState } from "../protocols/bgp/index.ts";

/** The states of RFC 4271 §8.2.2 as people write them. */
export const stateNames = {
  idle: "Idle",
  connect: "Connect",
  active: "Active",
  "open-sent": "OpenSent",
  "open-confirm": "OpenConfirm",
  established: "Established",
} as const satisfies Record<PeerState, NonNullable<NodeReport["status"]>["sessions"][number]["state"]>;
