import { formatAddress, sameAddress, type Address } from "../../net/index.ts";
import type { Labels } from "../../kubernetes/resources/index.ts";
import { poolIsFor } from "../configuration/pool.ts";
import type { AllocationReason, RevocationCause } from "../reason.ts";
import type { AddressRequest } from "./address-request.ts";
import type { AddressSearch } from "./address-search.ts";

type Revocation = Extract<AllocationReason, { code: "allocation.revoked" }>;

/** Parts what a Service has into what it may keep and what it cannot, with the reasons; one address of a family. */
export function judge(
  request: AddressRequest,
  held: readonly Address[],
  search: AddressSearch,
  namespaceLabels: Labels | undefined,
): { readonly legal: readonly Address[]; readonly revoked: Revocation[] } {
  const legal: Address[] = [];
  const revoked: Revocation[] = [];
  for (const address of held) {
    const why = causeFor(request, address, search, namespaceLabels);
    if (why !== undefined) revoked.push({ code: "allocation.revoked", address: formatAddress(address), why });
    else if (!legal.some((each) => each.family === address.family)) legal.push(address);
  }
  return { legal, revoked };
}

function causeFor(
  request: AddressRequest,
  address: Address,
  search: AddressSearch,
  namespaceLabels: Labels | undefined,
): RevocationCause | undefined {
  const pool = search.poolOf(address);
  if (pool === undefined) return "outsidePools";
  if (!request.families.includes(address.family)) return "family";
  if (request.addresses.length > 0 && !request.addresses.some((each) => sameAddress(each, address))) {
    return "otherRequested";
  }
  if (request.pool !== undefined && request.pool !== pool.name) return "otherPool";
  if (!poolIsFor(pool, request, namespaceLabels)) return "poolNotForService";
  return search.mayStayAt(request, address) ? undefined : "sharing";
}
