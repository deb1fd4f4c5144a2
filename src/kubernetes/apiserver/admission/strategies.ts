import type { Kind } from "../../resources/index.ts";
import { ensureObject, resourceKey, setDefault, type ApiObject } from "../object.ts";
import { defaultSecret, immutabilityProblems, secretProblems } from "./configuration.ts";
import { defaultPod, podGracePeriod, podProblems } from "./pod.ts";
import { allocateForService } from "./service/allocation.ts";
import { defaultService } from "./service/defaults.ts";
import type { ServiceNetworks } from "./service/networks.ts";
import { serviceProblems, serviceStatusProblems } from "./service/validation.ts";
import type { Strategy, StrategyOf } from "./strategy.ts";
import { defaultReplicaSet, endpointSliceProblems, eventProblems, replicaSetProblems } from "./workloads.ts";

/** Custom resources are all alike: what there is to know of them is in their schemas. */
const custom: Strategy = { tracksGeneration: true, conditionalUpdate: true };

const immortalNamespaces = ["default", "kube-system", "kube-public"];

const namespace: Strategy = {
  returnsDeleted: true,
  defaults: (object, old) => {
    ensureObject(object.metadata, "labels")["kubernetes.io/metadata.name"] = object.metadata.name;
    if (old !== undefined) return;
    ensureObject(object, "spec")["finalizers"] = ["kubernetes"];
    setDefault(ensureObject(object, "status"), "phase", "Active");
  },
  terminating: (object) => {
    ensureObject(object, "status")["phase"] = "Terminating";
  },
  refusesDeletion: (name) => (immortalNamespaces.includes(name) ? "this namespace may not be deleted" : undefined),
};

/** What each kind is given, checked and allotted when it is written. */
export function strategies(networks: ServiceNetworks): StrategyOf {
  const service: Strategy = {
    returnsDeleted: true,
    defaults: defaultService,
    validate: serviceProblems,
    validateStatus: serviceStatusProblems,
    allocate: (object, old, admission) => allocateForService(object, old, admission, networks),
  };
  const builtIn: Readonly<Record<string, Strategy>> = {
    namespaces: namespace,
    services: service,
    nodes: { createsWithStatus: true, defaults: (node: ApiObject) => void ensureObject(node, "spec") },
    pods: {
      tracksGeneration: true,
      returnsDeleted: true,
      defaults: defaultPod,
      validate: podProblems,
      gracePeriodSeconds: podGracePeriod,
    },
    configmaps: { validate: immutabilityProblems },
    secrets: { defaults: defaultSecret, validate: secretProblems },
    events: { createOnUpdate: true, validate: eventProblems },
    "replicasets.apps": { tracksGeneration: true, defaults: defaultReplicaSet, validate: replicaSetProblems },
    "endpointslices.discovery.k8s.io": { tracksGeneration: true, validate: endpointSliceProblems },
    "leases.coordination.k8s.io": { conditionalUpdate: true, createOnUpdate: true },
  };
  return (kind: Kind) => (kind.custom ? custom : (builtIn[resourceKey(kind)] ?? {}));
}
