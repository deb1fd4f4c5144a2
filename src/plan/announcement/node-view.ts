import { selects, type LabelSelector, type Labels, type Node } from "../../kubernetes/resources/index.ts";
import type { Advertisement, Configuration, Peer } from "../configuration/configuration.ts";
import type { AnnouncementReason } from "../reason.ts";

const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

/** What a node's own labels and conditions say of its announcing, whatever the Service. */
export interface NodeView {
  readonly name: string;
  /** Why it announces nothing at all; undefined if it may. */
  readonly excluded: AnnouncementReason | undefined;
  /** Whether it is cordoned: routers are asked to prefer other nodes (RFC 8326). */
  readonly isLeaving: boolean;
  /** The peers that it speaks with, by name. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** To which of them each advertisement that selects this node goes, by the advertisement's name. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
}

export function viewOf(node: Node, configuration: Configuration): NodeView {
  const labels = node.metadata.labels;
  const peers = new Map([...configuration.peers].filter(([, peer]) => anySelects(peer.nodeSelectors, labels)));
  const targets = new Map<string, readonly string[]>();
  for (const advertisement of configuration.advertisements.values()) {
    if (!anySelects(advertisement.nodeSelectors, labels)) continue;
    targets.set(advertisement.name, targetsOf(advertisement, peers));
  }
  return {
    name: node.metadata.name,
    excluded: exclusionOf(node),
    isLeaving: node.spec.unschedulable === true,
    peers,
    targets,
  };
}

function exclusionOf(node: Node): AnnouncementReason | undefined {
  if (node.metadata.labels?.[excludeLabel] !== undefined) return { code: "node.excluded.label", label: excludeLabel };
  const unavailable = node.status?.conditions?.some(
    (condition) => condition.type === "NetworkUnavailable" && condition.status === "True",
  );
  return unavailable ? { code: "node.excluded.networkUnavailable" } : undefined;
}

function targetsOf(advertisement: Advertisement, peers: ReadonlyMap<string, Peer>): readonly string[] {
  const all = advertisement.peers.length === 0;
  return [...peers.keys()].filter((peer) => all || advertisement.peers.includes(peer));
}

/** No selector at all selects everything. */
export function anySelects(selectors: readonly LabelSelector[], labels: Labels | undefined): boolean {
  return selectors.length === 0 || selectors.some((selector) => selects(selector, labels));
}
