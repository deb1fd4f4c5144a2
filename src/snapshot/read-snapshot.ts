import { isApiError, type Client } from "../kubernetes/client/index.ts";
import {
  AddressBlock,
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  ConfigMap,
  EndpointSlice,
  IPAddressPool,
  Namespace,
  Node,
  NodeReport,
  Secret,
  Service,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import {
  holdingsOf,
  readConfiguration,
  type PeerSecrets,
  type ReadConfiguration,
  type Snapshot,
} from "../plan/index.ts";
import { secretNames } from "./secret-watch.ts";

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
    communities,
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
    list(Community, { namespace }),
    list(ConfigMap, { namespace, fieldSelector: "metadata.name=config" }),
  ]);
  const secrets = await readSecrets(client, namespace, secretNames(peers), signal);
  const configMap = configMaps[0];
  const read = readConfiguration({ pools, peers, advertisements, bfdProfiles, communities, secrets, configMap, nodes });
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

/** Whoever looks need not be allowed to read Secrets: what he may not read counts as right. */
async function readSecrets(
  client: Client,
  namespace: string,
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<PeerSecrets> {
  const secrets = new Map<string, Secret | "missing">();
  for (const name of names) {
    try {
      secrets.set(name, (await client.find(Secret, { namespace, name }, { signal })) ?? "missing");
    } catch (error) {
      if (!isApiError(error, "forbidden")) throw error;
    }
  }
  return secrets;
}
