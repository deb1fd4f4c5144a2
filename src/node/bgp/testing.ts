import { address } from "../../net/testing.ts";
import type { Peer } from "../../plan/index.ts";

/** What tests of this room have in common. */

/** A peer as a plan has it. */
export function plannedPeer(fields: Partial<Peer> = {}): Peer {
  return {
    name: "tor",
    reach: { by: "address", address: address("10.10.2.210") },
    port: 179,
    localAsn: 65_211,
    remoteAsn: 65_210,
    families: [4],
    holdTimeMs: 90_000,
    keepaliveTimeMs: undefined,
    connectTimeMs: undefined,
    routerId: undefined,
    sourceAddress: undefined,
    sourceFrom: undefined,
    nextHop: "session",
    origin: "incomplete",
    vrf: undefined,
    md5Password: undefined,
    gracefulRestart: false,
    connectMode: "both",
    ttlSecurityHops: undefined,
    bfd: undefined,
    isMultihop: false,
    nodeSelectors: [],
    ...fields,
  };
}
