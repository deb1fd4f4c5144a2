import { formatAddress, formatPrefix, prefixOf, type Address, type Prefix } from "../../net/index.ts";
import { keyOf, type Service } from "../../kubernetes/resources/index.ts";
import { assignedAddresses, requestOf } from "../allocation/address-request.ts";
import type { Advertisement, Configuration } from "../configuration/configuration.ts";
import { poolHolds } from "../configuration/pool.ts";
import type { AnnouncementReason } from "../reason.ts";
import type { EndpointSummary } from "./local-endpoints.ts";
import { anySelects } from "./node-view.ts";

/** One address of a Service by one advertisement: announced from every node that the advertisement selects. */
export interface Offer {
  readonly address: Address;
  readonly prefix: Prefix;
  /** The prefix as text: the key of its route in every node's slice. */
  readonly prefixText: string;
  readonly advertisement: Advertisement;
}

/** What is to be announced for one Service, for all nodes at once: nothing here is of the size of the cluster. */
export interface ServiceAnnouncement {
  /** `namespace/name` */
  readonly service: string;
  readonly offers: readonly Offer[];
  /** With externalTrafficPolicy Local, the nodes that may announce, by their ready endpoints; undefined if any may. */
  readonly onlyNodes: ReadonlyMap<string, number> | undefined;
  /** Why there are fewer offers than a reader would expect. */
  readonly reasons: readonly AnnouncementReason[];
}

/** Nodes go by what is written: the addresses are those in the Service's status. */
export function announcementOf(
  service: Service,
  endpoints: EndpointSummary,
  configuration: Configuration,
  loadBalancerClass: string | undefined,
): ServiceAnnouncement {
  const key = keyOf(service);
  const nothing = (...reasons: AnnouncementReason[]): ServiceAnnouncement => ({
    service: key,
    offers: [],
    onlyNodes: undefined,
    reasons,
  });
  const addresses = assignedAddresses(service);
  if (addresses.length === 0 || "code" in requestOf(service, loadBalancerClass)) {
    return nothing({ code: "service.noAddress" });
  }
  const isLocal = service.spec.externalTrafficPolicy === "Local";
  if (!endpoints.anyServing) return nothing({ code: "service.noEndpoints" });
  const reasons: AnnouncementReason[] = [];
  const offers = addresses.flatMap((address) => offersOf(service, address, configuration, reasons));
  return { service: key, offers, onlyNodes: isLocal ? endpoints.readyNodes : undefined, reasons };
}

function offersOf(
  service: Service,
  address: Address,
  configuration: Configuration,
  reasons: AnnouncementReason[],
): Offer[] {
  const text = formatAddress(address);
  const pool = [...configuration.pools.values()].find((each) => poolHolds(each, address));
  if (pool === undefined) {
    reasons.push({ code: "address.outsidePools", address: text });
    return [];
  }
  const forPool = [...configuration.advertisements.values()].filter((each) => each.pools.has(pool.name));
  if (forPool.length === 0) reasons.push({ code: "address.notAdvertised", address: text, pool: pool.name });
  return forPool.flatMap((advertisement) => {
    if (!anySelects(advertisement.serviceSelectors, service.metadata.labels)) {
      reasons.push({ code: "advertisement.excluded.service", advertisement: advertisement.name });
      return [];
    }
    const prefix = prefixOf(address, advertisement.aggregationLength[address.family]);
    return [{ address, prefix, prefixText: formatPrefix(prefix), advertisement }];
  });
}
