import type { Client } from "../kubernetes/client/index.ts";
import {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  ConfigMap,
  IPAddressPool,
  Node,
} from "../kubernetes/resources/index.ts";
import type { ConfigurationSource } from "../plan/index.ts";

/** The ConfigMap that MetalLB was configured by up to 0.12. */
export const legacyName = "config";

/**
 * What is written at this moment, by lists of its own: for who must not judge by a cache that lags. Secrets are not
 * looked at, which is no fault.
 */
export async function listConfiguration(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<ConfigurationSource> {
  const where = { namespace, signal };
  const [pools, peers, advertisements, bfdProfiles, communities, configMaps, nodes] = await Promise.all([
    client.list(IPAddressPool, where),
    client.list(BGPPeer, where),
    client.list(BGPAdvertisement, where),
    client.list(BFDProfile, where),
    client.list(Community, where),
    client.list(ConfigMap, { ...where, fieldSelector: `metadata.name=${legacyName}` }),
    client.list(Node, { signal }),
  ]);
  return {
    pools: pools.items,
    peers: peers.items,
    advertisements: advertisements.items,
    bfdProfiles: bfdProfiles.items,
    communities: communities.items,
    configMap: configMaps.items[0],
    nodes: nodes.items,
    secrets: new Map(),
  };
}
