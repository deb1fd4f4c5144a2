import { sameAddress, type Address } from "../../net/index.ts";
import type { AllocationReason } from "../reason.ts";

/** What was decided for one Service. */
export interface AllocationDecision {
  /** `namespace/name` */
  readonly service: string;
  readonly uid: string;
  /** The first family first; empty while it waits or asks for nothing. */
  readonly addresses: readonly Address[];
  /** The pool that the addresses are of. */
  readonly pool: string | undefined;
  /** Whether it asks for an address and has none, or has one of two. */
  readonly waiting: boolean;
  readonly reasons: readonly AllocationReason[];
}

export function givesSameAddresses(a: AllocationDecision, b: AllocationDecision): boolean {
  if (a.addresses.length !== b.addresses.length) return false;
  return a.addresses.every((address, index) => sameAddress(address, b.addresses[index] ?? address));
}

export function isSameDecision(a: AllocationDecision, b: AllocationDecision): boolean {
  const sameFate = a.uid === b.uid && a.waiting === b.waiting && givesSameAddresses(a, b);
  return sameFate && JSON.stringify(a.reasons) === JSON.stringify(b.reasons);
}
