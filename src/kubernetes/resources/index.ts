export { ValidatingWebhookConfiguration, webhookName } from "./admission.ts";
export { ControllerRevision, DaemonSet, Deployment, type Affinity } from "./apps.ts";
export { customResourceDefinition, openApiSchema } from "./crd.ts";
export { ConfigMap, Event, Namespace, Node, Pod, Secret, Service, ServiceAccount } from "./core.ts";
export { AddressBlock, gatewaysAnnotation, NodeReport, Rollout, type LostEvidence } from "./fairlead.ts";
export { apiVersionOf, defineKind, keyOf, pathOf, type Kind, type KubernetesObject, type ObjectOf } from "./kind.ts";
export { kinds } from "./kinds.ts";
export { selects, selectsLabels, type Labels, type LabelSelector } from "./label-selector.ts";
export type { Condition, ObjectMeta } from "./metadata.ts";
export {
  annotationPrefixes,
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  ownAnnotations,
} from "./metallb.ts";
export { parseObject, type FieldProblem, type Parsed } from "./parse.ts";
export { EndpointSlice, Lease, ReplicaSet, serviceNameLabel } from "./workloads.ts";
