import type { Kind } from "../../resources/index.ts";
import { resourceKey } from "../object.ts";

/**
 * How a list of a built-in kind merges; lists without a rule are replaced whole. The two ways of Kubernetes differ:
 * a strategic merge patch has one key (`patchMergeKey`), server-side apply may have several (`listMapKeys`), with a
 * default for those that an entry leaves out.
 */
export type ListRule =
  | { readonly list: "map"; readonly mergeKey?: string; readonly mapKeys: readonly string[] }
  | { readonly list: "set"; readonly strategic: boolean };

const byName = { list: "map", mergeKey: "name", mapKeys: ["name"] } as const;
const byType = { list: "map", mergeKey: "type", mapKeys: ["type"] } as const;

const metadata: Rules = {
  "metadata.finalizers": { list: "set", strategic: true },
  "metadata.ownerReferences": { list: "map", mergeKey: "uid", mapKeys: ["uid"] },
};

type Rules = Readonly<Record<string, ListRule>>;

function containers(path: string): Rules {
  return {
    [path]: byName,
    [`${path}.env`]: byName,
    [`${path}.ports`]: { list: "map", mergeKey: "containerPort", mapKeys: ["containerPort", "protocol"] },
    [`${path}.volumeMounts`]: { list: "map", mergeKey: "mountPath", mapKeys: ["mountPath"] },
    [`${path}.volumeDevices`]: { list: "map", mergeKey: "devicePath", mapKeys: ["devicePath"] },
  };
}

function podSpec(path: string): Rules {
  return {
    ...containers(`${path}.containers`),
    ...containers(`${path}.initContainers`),
    ...containers(`${path}.ephemeralContainers`),
    [`${path}.volumes`]: byName,
    [`${path}.imagePullSecrets`]: byName,
    [`${path}.hostAliases`]: { list: "map", mergeKey: "ip", mapKeys: ["ip"] },
    [`${path}.topologySpreadConstraints`]: {
      list: "map",
      mergeKey: "topologyKey",
      mapKeys: ["topologyKey", "whenUnsatisfiable"],
    },
  };
}

/** As the CustomResourceDefinitions have it. */
const custom: Rules = { "status.conditions": byType };

const ofResource: Readonly<Record<string, Rules>> = {
  namespaces: { "status.conditions": byType },
  nodes: {
    "spec.podCIDRs": { list: "set", strategic: true },
    "status.addresses": byType,
    "status.conditions": byType,
  },
  pods: {
    ...podSpec("spec"),
    "status.conditions": byType,
    "status.podIPs": { list: "map", mergeKey: "ip", mapKeys: ["ip"] },
  },
  services: {
    "spec.ports": { list: "map", mergeKey: "port", mapKeys: ["port", "protocol"] },
    "status.conditions": byType,
  },
  "replicasets.apps": { ...podSpec("spec.template.spec"), "status.conditions": byType },
  "endpointslices.discovery.k8s.io": { "endpoints.addresses": { list: "set", strategic: false } },
};

/** What a key of `mapKeys` is in an entry that does not say. */
export const mapKeyDefaults: Readonly<Record<string, string>> = { protocol: "TCP" };

/** Maps that one manager owns whole. */
const atomicMaps: Readonly<Record<string, readonly string[]>> = {
  services: ["spec.selector"],
  pods: ["spec.nodeSelector"],
  "replicasets.apps": ["spec.selector", "spec.template.spec.nodeSelector"],
  events: ["involvedObject"],
};

export interface KindRules {
  readonly listAt: (path: string) => ListRule | undefined;
  readonly isAtomic: (path: string) => boolean;
}

/** Paths are dotted, entries of lists not counted: `spec.containers.ports`. */
export function rulesOf(kind: Kind): KindRules {
  const resource = resourceKey(kind);
  const lists = { ...metadata, ...(kind.custom ? custom : ofResource[resource]) };
  const atomic = atomicMaps[resource] ?? [];
  return {
    listAt: (path) => (Object.hasOwn(lists, path) ? lists[path] : undefined),
    isAtomic: (path) => atomic.includes(path),
  };
}
