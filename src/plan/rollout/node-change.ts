import { isDeepStrictEqual } from "node:util";
import type { Node } from "../../kubernetes/resources/index.ts";
import { viewOf } from "../announcement/node-view.ts";
import type { Configuration } from "../configuration/configuration.ts";

/**
 * Whether a node's sessions, or the routes that it could announce on them, are others by `after` than by `before`. It
 * looks at no Services: a pool's change counts also where none of them has an address of it.
 */
export function isNodeChanged(node: Node, before: Configuration, after: Configuration): boolean {
  return !isDeepStrictEqual(announcedBy(node, before), announcedBy(node, after));
}

function announcedBy(node: Node, configuration: Configuration): unknown {
  const { peers, targets } = viewOf(node, configuration);
  const advertisements = [...targets]
    .filter(([, to]) => to.length > 0)
    .map(([name, to]) => {
      const advertisement = configuration.advertisements.get(name);
      const ranges = [...(advertisement?.pools ?? [])].map((pool) => {
        const { ranges: of, avoidBuggyIPs } = configuration.pools.get(pool) ?? {};
        return [of, avoidBuggyIPs];
      });
      return { ...advertisement, pools: [], nodeSelectors: [], peers: to, ranges };
    });
  // Whom else a peer is for is nothing to this node.
  return { peers: [...peers.values()].map((peer) => ({ ...peer, nodeSelectors: [] })), advertisements };
}
