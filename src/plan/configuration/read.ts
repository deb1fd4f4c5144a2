import { formatAddress, parseAddress, type Address } from "../../net/index.ts";
import {
  gatewaysAnnotation,
  keyOf,
  type ConfigMap,
  type KubernetesObject,
  type Node,
} from "../../kubernetes/resources/index.ts";
import type { ConfigurationReason } from "../reason.ts";
import { aggregationProblems, preferenceConflicts } from "./advertisement-conflicts.ts";
import { readCommunityNames } from "./communities.ts";
import type { Configuration, ConfigurationObjects, Peer, PeerSecrets } from "./configuration.ts";
import { readLegacyConfigMap, type LegacyConfiguration } from "./legacy.ts";
import { readAdvertisement } from "./read-advertisements.ts";
import { readPeer } from "./read-peers.ts";
import { sharedPeerAddresses } from "./shared-peer-addresses.ts";
import { readPools, type ReservedAddress } from "./read-pools.ts";

/** What a configuration is read from: the resources, or MetalLB's old ConfigMap; and whose addresses no pool may hold. */
export interface ConfigurationSource extends ConfigurationObjects {
  readonly configMap: ConfigMap | undefined;
  readonly secrets: PeerSecrets;
  readonly nodes: readonly Node[];
}

export type ReadConfiguration =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      /** What it was read from; the resources that the ConfigMap stands for, where it was that. */
      readonly objects: LegacyConfiguration;
      /** What is wrong with Secrets. It concerns one peer each, which is left out: nothing else has to wait for it. */
      readonly problems: readonly ConfigurationReason[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigurationReason[];
      /** What is left without the objects that have problems: for those who never had a good configuration. */
      readonly goodPart: Configuration;
    };

/**
 * Checks everything together; with any problem, but for those with Secrets, there is no configuration, and the caller
 * keeps the one before.
 */
export function readConfiguration(source: ConfigurationSource): ReadConfiguration {
  const problems: ConfigurationReason[] = [];
  const { asWritten, ...objects } = chooseObjects(source, problems);
  const peers = objects.peers.flatMap((object) => readPeer(object, source, problems) ?? []);
  problems.push(...sharedPeerAddresses(objects.peers, peers, source.nodes));
  const { pools, problems: poolProblems } = readPools(objects.pools, reservedAddresses(source, peers));
  problems.push(...poolProblems);
  const surroundings = {
    pools,
    peers: new Set(objects.peers.map((peer) => peer.metadata.name)),
    communities: readCommunityNames(objects.communities, problems),
  };
  const advertisements = objects.advertisements.map((object) => {
    const advertisement = readAdvertisement(object, surroundings, problems);
    problems.push(...aggregationProblems(advertisement, object, objects.pools));
    return advertisement;
  });
  problems.push(...preferenceConflicts(advertisements, objects.advertisements, objects.pools, source.nodes));
  if (problems.every(({ code }) => code === "configuration.secret")) {
    const configuration = { pools: byName(pools), peers: byName(peers), advertisements: byName(advertisements) };
    return { ok: true, configuration, objects: { ...objects, asWritten }, problems: problems.map(asWritten) };
  }
  const faulty = new Set(problems.map((problem) => problem.object));
  const good = <Value extends { readonly name: string }>(values: readonly Value[], of: readonly KubernetesObject[]) => {
    const names = new Set(of.filter((each) => !faulty.has(`${each.kind} ${keyOf(each)}`)).map(nameOf));
    return byName(values.filter((value) => names.has(value.name)));
  };
  return {
    ok: false,
    problems: problems.map(asWritten),
    goodPart: {
      pools: good(pools, objects.pools),
      peers: good(peers, objects.peers),
      advertisements: good(advertisements, objects.advertisements),
    },
  };
}

function nameOf({ metadata }: KubernetesObject): string {
  return metadata.name;
}

function chooseObjects(source: ConfigurationSource, problems: ConfigurationReason[]): LegacyConfiguration {
  const resources = {
    pools: oldestFirst(source.pools),
    peers: oldestFirst(source.peers),
    advertisements: oldestFirst(source.advertisements),
    bfdProfiles: source.bfdProfiles,
    communities: oldestFirst(source.communities),
    asWritten: <Problem>(problem: Problem) => problem,
  };
  if (source.configMap === undefined) return resources;
  const resource = source.pools[0] ?? source.peers[0] ?? source.advertisements[0];
  if (resource === undefined) return readLegacyConfigMap(source.configMap, problems);
  problems.push({
    code: "configuration.both",
    object: `ConfigMap ${keyOf(source.configMap)}`,
    field: "data.config",
    value: `there is also ${resource.kind} ${keyOf(resource)}`,
    expected: "configure by this ConfigMap or by metallb.io resources, not by both: delete the one that is not meant",
  });
  return resources;
}

/** Of two objects that cannot both be, the newer one is told so, in whatever order they are listed. */
function oldestFirst<Value extends KubernetesObject>(objects: readonly Value[]): Value[] {
  const rank = ({ metadata }: Value) => `${metadata.creationTimestamp ?? ""} ${keyOf({ metadata })}`;
  return [...objects].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function reservedAddresses(source: ConfigurationSource, peers: readonly Peer[]): ReservedAddress[] {
  const ofPeers = peers.flatMap(({ reach, name }): ReservedAddress[] =>
    reach.by === "address" ? [{ address: reach.address, fault: "holdsPeer", owner: `peer ${name}` }] : [],
  );
  const ofNodes = source.nodes.flatMap((node) =>
    addressesIn(node.status?.addresses?.map((each) => each.address)).map((address): ReservedAddress => ({
      address,
      fault: "holdsNode",
      owner: `node ${node.metadata.name}`,
    })),
  );
  const ofGateways = source.nodes.flatMap((node) =>
    addressesIn(node.metadata.annotations?.[gatewaysAnnotation]?.split(",")).map((address): ReservedAddress => ({
      address,
      fault: "holdsGateway",
      owner: `${node.metadata.name}'s gateway`,
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
