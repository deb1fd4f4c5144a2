import type { Client } from "../kubernetes/client/index.ts";
import {
  AddressBlock,
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  ConfigMap,
  EndpointSlice,
  IPAddressPool,
  Namespace,
  Node,
  NodeReport,
  Service,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import { holdingsOf, readConfiguration, type ReadConfiguration, type Snapshot } from "../plan/index.ts";

/** A snapshot taken at once, for a command that looks and is done; with what the plan does not read but people want. */
export interface WholeSnapshot {
  readonly snapshot: Snapshot;
  readonly read: ReadConfiguration;
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly reports: ReadonlyMap<string, NodeReport>;
}

export interface SnapshotOptions {
  /** Where the configuration lives. */
  readonly namespace: string;
  readonly loadBalancerClass?: string | undefined;
}

/** Lists everything that the plan reads. */
export async function readSnapshot(
  client: Client,
  { namespace, loadBalancerClass }: SnapshotOptions,
  signal?: AbortSignal,
): Promise<WholeSnapshot> {
  const list = async <Value extends KubernetesObject>(
    kind: Kind<Value>,
    where: object = {},
  ): Promise<readonly Value[]> => (await client.list(kind, { signal, ...where })).items;
  const [
    services,
    endpointSlices,
    nodes,
    namespaces,
    blocks,
    reports,
    pools,
    peers,
    advertisements,
    bfdProfiles,
    configMaps,
  ] = await Promise.all([
    list(Service),
    list(EndpointSlice),
    list(Node),
    list(Namespace),
    list(AddressBlock),
    list(NodeReport),
    list(IPAddressPool, { namespace }),
    list(BGPPeer, { namespace }),
    list(BGPAdvertisement, { namespace }),
    list(BFDProfile, { namespace }),
    list(ConfigMap, { namespace, fieldSelector: "metadata.name=config" }),
  ]);
  const read = readConfiguration({ pools, peers, advertisements, bfdProfiles, configMap: configMaps[0], nodes });
  return {
    snapshot: {
      configuration: read.ok ? read.configuration : undefined,
      namespaces,
      nodes,
      services,
      endpointSlices,
      held: blocks.flatMap(holdingsOf),
      loadBalancerClass,
    },
    read,
    services,
    endpointSlices,
    nodes,
    reports: new Map(reports.map((report) => [report.metadata.name, report])),
  };
}
