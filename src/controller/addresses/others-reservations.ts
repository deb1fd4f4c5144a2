import type { Address } from "../../net/index.ts";
import type { Service } from "../../kubernetes/resources/index.ts";
import { assignedAddresses, type Ownership } from "../../plan/index.ts";
import { isWithin, versionIn, windowIn } from "./window.ts";

/** All Services, and the version in which they are known; undefined while that is being found out. */
export interface KnownServices {
  readonly version: () => bigint | undefined;
  readonly all: () => Iterable<Service>;
}

/** What becomes of an address that another controller has reserved: it may have died with it, or given it away. */
export class OthersReservations {
  readonly #services: KnownServices;

  constructor(services: KnownServices) {
    this.#services = services;
  }

  /**
   * The Services that may still be given what is reserved, by a status that is on its way; undefined while there may come
   * more. A status is written for one version of its Service, which shows no address: so that version has to be the
   * Service's still.
   */
  awaited({ seen }: Ownership): readonly Service[] | undefined {
    const [window, now] = [windowIn(seen), this.#services.version()];
    // What a later version of this program writes here is its own to understand.
    if (window === undefined || now === undefined || now < window.until) return undefined;
    return [...this.#services.all()].filter((service) => {
      if (service.spec.type !== "LoadBalancer" || assignedAddresses(service).length > 0) return false;
      const version = versionIn(service.metadata.resourceVersion);
      return version === undefined || isWithin(window, version);
    });
  }

  /** Whether it was given to nobody, and never will be. */
  isUnused(reservation: Ownership): boolean {
    return this.#isOver(reservation) && !this.#isShown(reservation.address);
  }

  /** Whether it belongs to the Service that shows it, and to no other. */
  isGiven(reservation: Ownership): boolean {
    return this.#isOver(reservation) && this.#isShown(reservation.address);
  }

  #isOver(reservation: Ownership): boolean {
    return this.awaited(reservation)?.length === 0;
  }

  #isShown({ value }: Address): boolean {
    for (const service of this.#services.all()) {
      if (assignedAddresses(service).some((each) => each.value === value)) return true;
    }
    return false;
  }
}
