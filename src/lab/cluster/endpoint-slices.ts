import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { parseAddress } from "../../net/index.ts";
import {
  selectsLabels,
  serviceNameLabel,
  type EndpointSlice,
  type Pod,
  type Service,
} from "../../kubernetes/resources/index.ts";
import { hasEnded, isReady } from "./conditions.ts";

const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const managedBy = "fairlead-lab";

type Family = "IPv4" | "IPv6";
type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];
type EndpointPort = NonNullable<EndpointSlice["ports"]>[number];

/**
 * The endpoint slices that a Service has by the pods that there are: for each family one, and more where a named target
 * port is another number in some pods. None for a Service without a selector, whose endpoints are somebody else's.
 */
export function endpointSlicesFor(service: Service, pods: readonly Pod[]): EndpointSlice[] {
  const { selector, type, publishNotReadyAddresses } = service.spec;
  if (selector === undefined || Object.keys(selector).length === 0 || type === "ExternalName") return [];
  const selected = pods
    .filter((pod) => pod.metadata.namespace === service.metadata.namespace && !hasEnded(pod))
    .filter((pod) => selectsLabels(selector, pod.metadata.labels))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return familiesOf(service).flatMap((family) => {
    const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
    for (const pod of selected) {
      const endpoint = endpointOf(pod, family, publishNotReadyAddresses === true);
      if (endpoint === undefined) continue;
      const ports = portsOf(service, pod);
      const key = JSON.stringify(ports);
      const group = groups.get(key) ?? { ports, endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(endpoint);
    }
    return [...groups].map(([key, group]) => sliceOf(service, family, key, group));
  });
}

export interface SliceChanges {
  readonly write: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** What has to be done to the slices that `existing` holds of one Service; those that others manage are left alone. */
export function sliceChanges(desired: readonly EndpointSlice[], existing: readonly EndpointSlice[]): SliceChanges {
  const ours = existing.filter((slice) => slice.metadata.labels?.[managedByLabel] === managedBy);
  const byName = new Map(ours.map((slice) => [slice.metadata.name, slice]));
  const names = new Set(desired.map((slice) => slice.metadata.name));
  return {
    write: desired.filter((slice) => !saysTheSame(slice, byName.get(slice.metadata.name))),
    remove: ours.filter((slice) => !names.has(slice.metadata.name)),
  };
}

function saysTheSame(slice: EndpointSlice, other: EndpointSlice | undefined): boolean {
  return other !== undefined && isDeepStrictEqual(content(slice), content(other));
}

function content(slice: EndpointSlice): unknown {
  return { endpoints: slice.endpoints ?? [], ports: slice.ports ?? [] };
}

function familiesOf(service: Service): readonly Family[] {
  const { ipFamilies, clusterIPs, clusterIP } = service.spec;
  if (ipFamilies !== undefined && ipFamilies.length > 0) return ipFamilies;
  const known = (clusterIPs ?? [clusterIP ?? ""]).flatMap((address) => familyOf(address) ?? []);
  return known.length > 0 ? known : ["IPv4"];
}

function familyOf(address: string): Family | undefined {
  const family = parseAddress(address)?.family;
  return family === undefined ? undefined : `IPv${family}`;
}

function endpointOf(pod: Pod, family: Family, publishNotReady: boolean): Endpoint | undefined {
  const { podIPs, podIP } = pod.status ?? {};
  const addresses = (podIPs?.map((each) => each.ip) ?? [podIP ?? ""]).filter((ip) => familyOf(ip) === family);
  if (addresses.length === 0) return undefined;
  // A pod that is ending is never ready, but it serves as long as it answers (KEP-1672).
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const { name, namespace, uid } = pod.metadata;
  return {
    addresses,
    conditions: { ready: publishNotReady || (serving && !terminating), serving, terminating },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: "Pod",
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** The Service's ports as this pod has them; a named one that the pod does not have is left out. */
function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap(({ name, protocol, port, targetPort, appProtocol }) => {
    const number = typeof targetPort === "string" ? namedPort(pod, targetPort, protocol) : (targetPort ?? port);
    if (number === undefined) return [];
    return [{ name: name ?? "", protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.find((each) => each.name === name && each.protocol === protocol)?.containerPort;
}

function sliceOf(
  service: Service,
  family: Family,
  key: string,
  { ports, endpoints }: { ports: EndpointPort[]; endpoints: Endpoint[] },
): EndpointSlice {
  const { name, namespace, uid } = service.metadata;
  const suffix = createHash("sha256").update(key).digest("hex").slice(0, 5);
  const owner = { apiVersion: "v1", kind: "Service", name, uid: uid ?? "", controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-${family.toLowerCase()}-${suffix}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [serviceNameLabel]: name, [managedByLabel]: managedBy },
      ownerReferences: [owner],
    },
    addressType: family,
    endpoints,
    ports,
  };
}
