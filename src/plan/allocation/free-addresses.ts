import {
  addToAddress,
  compareAddresses,
  type Address,
  type AddressFamily,
  type AddressRange,
} from "../../net/index.ts";
import { isAvoided, type Pool } from "../configuration/pool.ts";

/**
 * The first free address of a pool, in its listed order, found without looking again at what was seen taken: each
 * range remembers where its first free address can be at the earliest.
 */
export class FreeAddresses {
  readonly #pool: Pool;
  readonly #isHeld: (address: Address) => boolean;
  readonly #next: (Address | undefined)[];

  constructor(pool: Pool, isHeld: (address: Address) => boolean) {
    this.#pool = pool;
    this.#isHeld = isHeld;
    this.#next = pool.ranges.map((range) => range.first);
  }

  first(family: AddressFamily): Address | undefined {
    for (const [index, range] of this.#pool.ranges.entries()) {
      if (range.first.family !== family) continue;
      const found = this.#firstIn(range, this.#next[index]);
      this.#next[index] = found;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** To be told of every address that becomes free. */
  freed(address: Address): void {
    for (const [index, range] of this.#pool.ranges.entries()) {
      if (compareAddresses(range.first, address) > 0 || compareAddresses(address, range.last) > 0) continue;
      const next = this.#next[index];
      if (next === undefined || compareAddresses(address, next) < 0) this.#next[index] = address;
    }
  }

  #firstIn(range: AddressRange, from: Address | undefined): Address | undefined {
    let address = from;
    while (address !== undefined && (this.#isHeld(address) || isAvoided(this.#pool, address))) {
      address = compareAddresses(address, range.last) >= 0 ? undefined : addToAddress(address, 1n);
    }
    return address;
  }
}
