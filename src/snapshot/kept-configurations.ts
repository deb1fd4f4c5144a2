import type { BGPPeer, Rollout } from "../kubernetes/resources/index.ts";
import { readConfiguration, restoredObjects, type Configuration, type PeerSecrets } from "../plan/index.ts";

type Kept = Rollout["spec"]["kept"];

/** The peers of what was kept: their Secrets are needed as much as those of the peers that are written. */
export function peersOf(kept: Kept | undefined): readonly BGPPeer[] {
  return kept?.objects === undefined ? [] : restoredObjects(kept.objects, []).peers;
}

/** Good configurations by revision: those that this process has read itself, and what a Rollout has kept. */
export class KeptConfigurations {
  readonly #known = new Map<string, Configuration>();

  remember(revision: string, configuration: Configuration): void {
    this.#known.set(revision, configuration);
  }

  forgetAllBut(...revisions: readonly (string | undefined)[]): void {
    for (const revision of this.#known.keys()) if (!revisions.includes(revision)) this.#known.delete(revision);
  }

  /** What was kept: as this process has read it, else out of the Rollout; undefined where that does not hold it. */
  find({ revision, objects }: Kept, peers: readonly BGPPeer[], secrets: PeerSecrets): Configuration | undefined {
    const known = this.#known.get(revision);
    if (known !== undefined || objects === undefined) return known;
    // Nodes are left out: which addresses they have now does not make wrong what was right.
    const read = readConfiguration({ ...restoredObjects(objects, peers), configMap: undefined, secrets, nodes: [] });
    const configuration = read.ok ? read.configuration : read.goodPart;
    this.#known.set(revision, configuration);
    return configuration;
  }
}
