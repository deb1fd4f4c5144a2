import type { Address } from "../../net/index.ts";
import type { HoldingCause, SharingObstacle } from "../reason.ts";
import type { AddressRequest, Sharing } from "./address-request.ts";

/** One address and who has it, as written to the API or as issued and not yet seen back. */
export interface Holding {
  readonly address: Address;
  /** The Service's; of a reservation, that of the controller that may give the address. */
  readonly uid: string;
  /** `namespace/name`; of a reservation `-`, for nobody has it yet. */
  readonly service: string;
  readonly why: HoldingCause;
}

/** An address's number tells its family too: IPv4 is a number, IPv6 a bigint. */
export type AddressKey = number | bigint;

/** Who holds which address: the memory of allocation. */
export class Holdings {
  readonly #byAddress = new Map<AddressKey, Holding[]>();
  readonly #byUid = new Map<string, Holding[]>();
  /** Told of each address that nobody holds any more. */
  onFreed: (address: Address) => void = () => undefined;

  add(holding: Holding): void {
    if (this.of(holding.uid).some((each) => each.address.value === holding.address.value)) return;
    push(this.#byAddress, holding.address.value, holding);
    push(this.#byUid, holding.uid, holding);
  }

  remove(holding: Holding): void {
    const isIt = (each: Holding) => each.uid === holding.uid && each.address.value === holding.address.value;
    drop(this.#byAddress, holding.address.value, isIt);
    drop(this.#byUid, holding.uid, isIt);
    if (!this.isHeld(holding.address.value)) this.onFreed(holding.address);
  }

  at(address: AddressKey): readonly Holding[] {
    return this.#byAddress.get(address) ?? [];
  }

  of(uid: string): readonly Holding[] {
    return this.#byUid.get(uid) ?? [];
  }

  isHeld(address: AddressKey): boolean {
    return this.#byAddress.has(address);
  }

  *all(): Generator<Holding> {
    for (const holdings of this.#byUid.values()) yield* holdings;
  }
}

function push<Key>(map: Map<Key, Holding[]>, key: Key, holding: Holding): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [holding]);
  else list.push(holding);
}

function drop<Key>(map: Map<Key, Holding[]>, key: Key, isIt: (each: Holding) => boolean): void {
  const rest = (map.get(key) ?? []).filter((each) => !isIt(each));
  if (rest.length === 0) map.delete(key);
  else map.set(key, rest);
}

interface Sharer {
  readonly sharing: Sharing | undefined;
  readonly ports: readonly string[];
}

/** Why these two may not have one address together; `undefined` if they may. An owner that is gone shares nothing. */
export function sharingObstacle(request: AddressRequest, owner: Sharer | undefined): SharingObstacle | undefined {
  if (owner === undefined) return "unknownOwner";
  if (request.sharing === undefined || owner.sharing === undefined) return "noKey";
  if (request.sharing.key !== owner.sharing.key) return "otherKey";
  if (request.sharing.backends !== owner.sharing.backends) return "otherBackends";
  return request.ports.some((port) => owner.ports.includes(port)) ? "portClash" : undefined;
}
