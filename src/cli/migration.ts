import { formatAddress } from "../net/index.ts";
import { assignedAddresses, describe, plan } from "../plan/index.ts";
import { keyOf } from "../kubernetes/resources/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";

/** What would be another in a cluster that comes from MetalLB to Fairlead. */
export interface Migration {
  /** What is wrong with the configuration, as Fairlead reads it: it gives no address before it is mended. */
  readonly problems: readonly string[];
  /** Objects of MetalLB that Fairlead does not read. */
  readonly unread: readonly string[];
  /** How many Services keep the addresses that they have. */
  readonly keeping: number;
  readonly changing: readonly {
    readonly service: string;
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly why: readonly string[];
  }[];
  /** Services that have an address which nobody would announce. */
  readonly silent: readonly { readonly service: string; readonly why: readonly string[] }[];
  /** The routers that each node would have a session with. */
  readonly nodes: readonly { readonly node: string; readonly peers: readonly string[] }[];
}

/** The same decision that controller and agents will make, of the cluster as it is; `unread` by kind and name. */
export function migrationOf({ snapshot, read, services, nodes }: WholeSnapshot, unread: readonly string[]): Migration {
  const decided = plan({ ...snapshot, configuration: read.ok ? read.configuration : undefined });
  const asking = services.filter(({ spec }) => spec.type === "LoadBalancer");
  const told = asking.flatMap((service) => {
    const decision = decided.allocations.get(keyOf(service));
    if (decision === undefined) return [];
    const before = assignedAddresses(service).map(formatAddress);
    const after = decision.addresses.map(formatAddress);
    return [{ service: keyOf(service), before, after, why: decision.reasons.map(describe) }];
  });
  const changing = told.filter(({ before, after }) => before.join() !== after.join());
  const kept = told.filter(({ before, after }) => before.length > 0 && before.join() === after.join());
  const silent = kept.flatMap(({ service }) => {
    const announcement = decided.announcements.get(service);
    if (announcement === undefined || announcement.offers.length > 0) return [];
    return [{ service, why: announcement.reasons.map(describe) }];
  });
  return {
    problems: read.problems.map(describe),
    unread,
    keeping: kept.length,
    // While the configuration is wrong nothing is taken from anybody.
    changing: read.ok ? changing : [],
    silent: read.ok ? silent : [],
    nodes: nodes.map(({ metadata: { name } }) => ({
      node: name,
      peers: [...(decided.planFor(name)?.sessions.keys() ?? [])],
    })),
  };
}
