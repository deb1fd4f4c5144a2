import { formatAddress } from "../net/index.ts";
import { assignedAddresses, describe, plan } from "../plan/index.ts";
import { keyOf, ownAnnotations } from "../kubernetes/resources/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";
import { announcerOf, type Announcer } from "./announcer.ts";

/**
 * How a node is moved. `overlap`: its routers know a second address of it, so both may speak at once, and who comes is
 * there before the other goes. `gap`: a router refuses a second session from one address, so who is there goes first.
 */
export type Way = "overlap" | "gap";

export interface NodeMigration {
  readonly node: string;
  readonly announcer: Announcer;
  /** The BGPPeers that it would have a session with, by name. */
  readonly peers: readonly string[];
  readonly way: Way;
}

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
  /** BGPPeers to which the two would announce unequal paths: routers send nothing by the worse. */
  readonly unequal: readonly string[];
  /** Services that nobody announces while the one node is moved that could. */
  readonly interrupted: readonly { readonly service: string; readonly node: string }[];
  readonly nodes: readonly NodeMigration[];
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
  const ways = nodes.map((object): NodeMigration => {
    const node = object.metadata.name;
    const peers = [...(decided.planFor(node)?.sessions.values() ?? [])].map(({ peer }) => peer);
    const haveSources = peers.length > 0 && peers.every(({ sourceFrom }) => sourceFrom !== undefined);
    const way = haveSources ? "overlap" : "gap";
    return { node, announcer: announcerOf(object), peers: peers.map(({ name }) => name), way };
  });
  const speakers = ways.filter(({ peers }) => peers.length > 0);
  const interrupted = kept.flatMap(({ service }) => {
    const { offers = [], onlyNodes } = decided.announcements.get(service) ?? {};
    const [one, ...others] = speakers.filter(({ node }) => onlyNodes?.has(node) ?? true);
    const isAlone = offers.length > 0 && one !== undefined && others.length === 0;
    return isAlone && one.way === "gap" ? [{ service, node: one.node }] : [];
  });
  return {
    problems: read.problems.map(describe),
    unread,
    keeping: kept.length,
    // While the configuration is wrong nothing is taken from anybody.
    changing: read.ok ? changing : [],
    silent: read.ok ? silent : [],
    unequal: [...(read.ok ? read.configuration.peers.values() : [])].flatMap(({ name, origin }) =>
      origin === "igp"
        ? []
        : [
            `BGPPeer ${name}: metadata.annotations[${ownAnnotations.origin}] is ${origin}; must be igp, as MetalLB has it: while a part of the nodes is moved, routers send nothing to the nodes with the worse ORIGIN`,
          ],
    ),
    interrupted: read.ok ? interrupted : [],
    nodes: ways,
  };
}
