import { formatAddress, parseAddress, type Address } from "../../net/index.ts";
import { keyOf, type ConfigMap, type Node, type NodeReport } from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import type { Configuration, ConfigurationObjects, Peer } from "./configuration.ts";
import { readLegacyConfigMap } from "./legacy.ts";
import { aggregationProblems, readAdvertisement } from "./read-advertisements.ts";
import { readPeer } from "./read-peers.ts";
import { readPools, type ReservedAddress } from "./read-pools.ts";

/** What a configuration is read from: the resources, or MetalLB's old ConfigMap; and whose addresses no pool may hold. */
export interface ConfigurationSource extends ConfigurationObjects {
  readonly configMap: ConfigMap | undefined;
  readonly nodes: readonly Node[];
  readonly reports: readonly NodeReport[];
}

export type ReadConfiguration =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly ConfigurationReason[] };

/** Checks everything together; with any problem there is no configuration, and the caller keeps the one before. */
export function readConfiguration(source: ConfigurationSource): ReadConfiguration {
  const problems: ConfigurationReason[] = [];
  const objects = chooseObjects(source, problems);
  const peers = objects.peers.flatMap((object) => readPeer(object, problems) ?? []);
  const { pools, problems: poolProblems } = readPools(objects.pools, reservedAddresses(source, peers));
  problems.push(...poolProblems);
  const peerNames = new Set(objects.peers.map((peer) => peer.metadata.name));
  const advertisements = objects.advertisements.map((object) => {
    const advertisement = readAdvertisement(object, pools, peerNames, problems);
    const written = objects.pools.map((pool) => ({ name: pool.metadata.name, addresses: pool.spec.addresses }));
    problems.push(...aggregationProblems(advertisement, `BGPAdvertisement ${keyOf(object)}`, written));
    return advertisement;
  });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    configuration: { pools: byName(pools), peers: byName(peers), advertisements: byName(advertisements) },
  };
}

function chooseObjects(source: ConfigurationSource, problems: ConfigurationReason[]): ConfigurationObjects {
  if (source.configMap === undefined) return source;
  const resource = source.pools[0] ?? source.peers[0] ?? source.advertisements[0];
  if (resource === undefined) return readLegacyConfigMap(source.configMap, problems);
  problems.push({
    code: "configuration.both",
    object: `ConfigMap ${keyOf(source.configMap)}`,
    field: "data.config",
    value: `there is also ${resource.kind} ${keyOf(resource)}`,
    expected: "configure by this ConfigMap or by metallb.io resources, not by both: delete the one that is not meant",
  });
  return source;
}

function reservedAddresses(source: ConfigurationSource, peers: readonly Peer[]): ReservedAddress[] {
  const ofPeers = peers.map((peer): ReservedAddress => ({
    address: peer.address,
    fault: "holdsPeer",
    owner: `peer ${peer.name}`,
  }));
  const ofNodes = source.nodes.flatMap((node) =>
    addressesIn(node.status?.addresses?.map((each) => each.address)).map((address): ReservedAddress => ({
      address,
      fault: "holdsNode",
      owner: `node ${node.metadata.name}`,
    })),
  );
  const ofGateways = source.reports.flatMap((report) =>
    addressesIn(report.status?.gateways).map((address): ReservedAddress => ({
      address,
      fault: "holdsGateway",
      owner: `${report.metadata.name}'s gateway`,
    })),
  );
  const seen = new Set<string>();
  return [...ofPeers, ...ofNodes, ...ofGateways].filter(({ address }) => {
    const text = formatAddress(address);
    return !seen.has(text) && seen.add(text);
  });
}

function addressesIn(texts: readonly string[] | undefined): Address[] {
  return (texts ?? []).flatMap((text) => parseAddress(text) ?? []);
}

/** In the order of their names, so that nothing depends on the order in which objects were listed. */
function byName<Value extends { readonly name: string }>(values: readonly Value[]): Map<string, Value> {
  return new Map([...values].sort((a, b) => (a.name < b.name ? -1 : 1)).map((value) => [value.name, value]));
}
