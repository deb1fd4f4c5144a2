import { parseAddress, sameAddress, type Address, type AddressFamily } from "../../net/index.ts";
import { annotationPrefixes, keyOf, type Labels, type Service } from "../../kubernetes/resources/index.ts";
import type { AllocationReason } from "../reason.ts";

/** What one Service asks for, read from its spec and annotations. */
export interface AddressRequest {
  /** `namespace/name` */
  readonly key: string;
  readonly uid: string;
  /** RFC 3339; requests are served in this order, then by UID. */
  readonly created: string;
  readonly namespace: string;
  readonly labels: Labels | undefined;
  /** The families it is to have, the first one first. */
  readonly families: readonly AddressFamily[];
  /** Whether one family is better than none where no pool has both. */
  readonly oneFamilySuffices: boolean;
  /** Asked for by name, at most one of each family. */
  readonly addresses: readonly Address[];
  readonly pool: string | undefined;
  readonly sharing: Sharing | undefined;
  /** `80/TCP` */
  readonly ports: readonly string[];
  /** In its status now. */
  readonly assigned: readonly Address[];
}

export interface Sharing {
  readonly key: string;
  /** Services may share an address if these are equal: empty with Cluster, the selector with Local. */
  readonly backends: string;
}

/** What `service` asks for, or why it asks for nothing. `loadBalancerClass` is the class that is ours, if any. */
export function requestOf(service: Service, loadBalancerClass: string | undefined): AddressRequest | AllocationReason {
  const { spec, metadata } = service;
  if (spec.type !== "LoadBalancer") return { code: "allocation.none.type", type: spec.type };
  if (spec.loadBalancerClass !== loadBalancerClass) {
    return { code: "allocation.none.class", class: spec.loadBalancerClass ?? "(none)" };
  }
  const families = familiesOf(service);
  if (families.length === 0) return { code: "allocation.none.clusterIP" };
  const addresses = requestedAddresses(service, families);
  if ("code" in addresses) return addresses;
  const sharingKey = annotation(service, "allow-shared-ip");
  return {
    key: keyOf(service),
    uid: metadata.uid ?? "",
    created: metadata.creationTimestamp ?? "",
    namespace: metadata.namespace ?? "",
    labels: metadata.labels,
    families,
    oneFamilySuffices: families.length === 1 || spec.ipFamilyPolicy !== "RequireDualStack",
    addresses,
    pool: annotation(service, "address-pool"),
    sharing: sharingKey ? { key: sharingKey, backends: backendsOf(service) } : undefined,
    ports: (spec.ports ?? []).map((port) => `${port.port}/${port.protocol}`),
    assigned: assignedAddresses(service),
  };
}

/** The addresses in a Service's status; what is no address there (a hostname) is left out. */
export function assignedAddresses(service: Service): Address[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip && parseAddress(ip)) || []);
}

/** In the order in which requests are served: by creation time, then UID. */
export function compareRequests(a: AddressRequest, b: AddressRequest): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0;
}

function annotation(service: Service, name: string): string | undefined {
  const annotations = service.metadata.annotations;
  return annotationPrefixes.map((prefix) => annotations?.[prefix + name]).find((value) => value !== undefined);
}

function familiesOf({ spec }: Service): AddressFamily[] {
  if (spec.ipFamilies !== undefined) return spec.ipFamilies.map((family) => (family === "IPv4" ? 4 : 6));
  const clusterIps = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return clusterIps.flatMap((ip) => parseAddress(ip)?.family ?? []);
}

function requestedAddresses(
  service: Service,
  families: readonly AddressFamily[],
): readonly Address[] | AllocationReason {
  const listed = annotation(service, "loadBalancerIPs");
  const single = service.spec.loadBalancerIP || undefined;
  const field = listed === undefined ? "spec.loadBalancerIP" : "metadata.annotations[metallb.io/loadBalancerIPs]";
  const value = listed ?? single ?? "";
  const invalid = (expected: string): AllocationReason => ({ code: "allocation.invalid", field, value, expected });
  if (listed !== undefined && single !== undefined) return invalid("must not be set together with spec.loadBalancerIP");
  const addresses: Address[] = [];
  for (const text of value.split(",").filter((each) => each.trim() !== "")) {
    const address = parseAddress(text.trim());
    if (address === undefined) return invalid("must be IP addresses, separated by commas");
    if (addresses.some((each) => each.family === address.family)) return invalid("must hold one address of a family");
    if (!families.includes(address.family))
      return invalid(`must be of the Service's family, IPv${families.join(" and IPv")}`);
    if (!addresses.some((each) => sameAddress(each, address))) addresses.push(address);
  }
  return addresses;
}

function backendsOf({ spec }: Service): string {
  if (spec.externalTrafficPolicy !== "Local") return "";
  return JSON.stringify(Object.entries(spec.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
