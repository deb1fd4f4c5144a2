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
  Rollout,
  Secret,
  Service,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import {
  ownershipsIn,
  readConfiguration,
  refusedChanges,
  writtenConfiguration,
  type Configuration,
  type PeerSecrets,
  type ReadConfiguration,
  type RolloutReason,
  type Snapshot,
} from "../plan/index.ts";
import { rolloutName } from "./configuration-watch.ts";
import { KeptConfigurations, peersOf } from "./kept-configurations.ts";
import { secretNames } from "./secret-watch.ts";

/** A snapshot taken at once, for a command that looks and is done; with what the plan does not read but people want. */
export interface WholeSnapshot {
  /** With the configuration that is kept; undefined where what is written is wrong and nothing was ever kept. */
  readonly snapshot: Snapshot;
  /** What is written. */
  readonly read: ReadConfiguration;
  readonly rollout: Rollout | undefined;
  /** Of what is written; undefined while it is wrong. */
  readonly writtenRevision: string | undefined;
  /** The changes that are written and not in force because a node took them back. */
  readonly refused: readonly RolloutReason[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly reports: ReadonlyMap<string, NodeReport>;
}

export interface SnapshotOptions {
  /** Where the configuration lives. */
  readonly namespace: string;
  readonly loadBalancerClass?: string | undefined;
  /** Fairlead's own kinds may be missing: nothing of it is installed yet. */
  readonly beforeInstallation?: boolean;
}

/** Lists everything that the plan reads. */
export async function readSnapshot(
  client: Client,
  { namespace, loadBalancerClass, beforeInstallation = false }: SnapshotOptions,
  signal?: AbortSignal,
): Promise<WholeSnapshot> {
  const list = async <Value extends KubernetesObject>(
    kind: Kind<Value>,
    where: object = {},
  ): Promise<readonly Value[]> => {
    try {
      return (await client.list(kind, { signal, ...where })).items;
    } catch (error) {
      if (beforeInstallation && kind.custom && isApiError(error, "not-found")) return [];
      throw error;
    }
  };
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
    rollouts,
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
    list(Rollout, { namespace, fieldSelector: `metadata.name=${rolloutName}` }),
  ]);
  const [rollout] = rollouts;
  const named = secretNames([...peers, ...peersOf(rollout?.spec.kept)]);
  const secrets = await readSecrets(client, namespace, named, signal);
  const configMap = configMaps[0];
  const read = readConfiguration({ pools, peers, advertisements, bfdProfiles, communities, secrets, configMap, nodes });
  const written = read.ok ? writtenConfiguration(read.objects) : undefined;
  const isRefused = written !== undefined && rollout?.spec.refused?.revision === written.revision;
  const kept = new KeptConfigurations();
  if (read.ok && written !== undefined) kept.remember(written.revision, read.configuration);
  const unrolled: Configuration | undefined = read.ok ? read.configuration : undefined;
  return {
    snapshot: {
      configuration: rollout === undefined ? unrolled : kept.find(rollout.spec.kept, peers, secrets),
      namespaces,
      nodes,
      services,
      endpointSlices,
      held: blocks.flatMap(ownershipsIn),
      loadBalancerClass,
    },
    read,
    rollout,
    writtenRevision: written?.revision,
    refused: read.ok && isRefused ? refusedChanges(rollout.spec, written.text).map(read.objects.asWritten) : [],
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
