import { sameAddress, type Ipv6Address } from "../../net/index.ts";
import type { Clock, Timer } from "../clock/index.ts";
import { decodeDiscoveryMessage, encodeDiscoveryMessage, type Arrival, type DiscoveryFault } from "./message.ts";

export interface RouterDiscoveryPorts {
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  /** Sends to a group of this link, with hop limit 255. What is lost is sent again in time. */
  readonly send: (group: "all-nodes" | "all-routers", message: Uint8Array) => void;
}

export interface RouterDiscoveryOwner {
  /** The router at the other end is another one now. */
  neighbourChanged(neighbour: Ipv6Address): void;
}

/** RFC 4861 §10, in milliseconds: MAX_RA_DELAY_TIME, MIN_DELAY_BETWEEN_RAS, RTR_SOLICITATION_INTERVAL. */
const answerDelayMs = 500;
const leastBetweenMs = 3_000;
const solicitationMs = 4_000;
/** MinRtrAdvInterval and MaxRtrAdvInterval (§6.2.1): the least that the RFC allows, and what routers take for BGP. */
const intervalMs = {
  eager: { least: leastBetweenMs, most: 4_000 },
  settled: { least: 7_500, most: 10_000 },
} as const;

/**
 * Finds the one other router of a link, and is found by it: sends router advertisements and hears those of the other
 * side. Made for links between two. Where there are more, the neighbour stays the one that it is as long as it answers:
 * else two of them would take turns.
 */
export class RouterDiscovery {
  readonly #ports: RouterDiscoveryPorts;
  readonly #owner: RouterDiscoveryOwner;
  readonly #linkLayer: Uint8Array | undefined;
  #neighbour: Ipv6Address | undefined;
  /** Another that has been heard, while it is open whether the neighbour is still there. */
  #challenger: Ipv6Address | undefined;
  #isSettled = false;
  #advertisedAt = Number.NEGATIVE_INFINITY;
  #advertisement: Timer | undefined;
  #solicitation: Timer | undefined;
  #challenge: Timer | undefined;
  readonly #dropped: Partial<Record<DiscoveryFault, number>> = {};

  /** `linkLayer`: our own address on the link, if it has one. */
  constructor(ports: RouterDiscoveryPorts, owner: RouterDiscoveryOwner, linkLayer?: Uint8Array) {
    this.#ports = ports;
    this.#owner = owner;
    this.#linkLayer = linkLayer;
  }

  /** The link is up. To be called once. */
  start(): void {
    this.#advertise();
    this.#solicit();
  }

  stop(): void {
    this.#advertisement?.cancel();
    this.#solicitation?.cancel();
    this.#challenge?.cancel();
  }

  get neighbour(): Ipv6Address | undefined {
    return this.#neighbour;
  }

  /** Messages that were not taken, by why. */
  get dropped(): Readonly<Partial<Record<DiscoveryFault, number>>> {
    return this.#dropped;
  }

  /** Whether the neighbour has found us: then it need not hear us so often. */
  setSettled(isSettled: boolean): void {
    if (this.#isSettled === isSettled) return;
    this.#isSettled = isSettled;
    if (!isSettled) this.#advertiseIn(0);
  }

  /** A message has come in by this link. */
  received(bytes: Uint8Array, arrival: Arrival): void {
    const message = decodeDiscoveryMessage(bytes, arrival);
    if (typeof message === "string") {
      this.#dropped[message] = (this.#dropped[message] ?? 0) + 1;
      return;
    }
    if (message.type === "router-solicitation") return this.#advertiseIn(answerDelayMs * this.#ports.random());
    return this.#heard(arrival.source);
  }

  #heard(router: Ipv6Address): void {
    this.#solicitation?.cancel();
    if (this.#neighbour === undefined) return this.#follow(router);
    if (sameAddress(router, this.#neighbour)) {
      this.#challenge?.cancel();
      this.#challenger = undefined;
      return undefined;
    }
    if (this.#challenger !== undefined) return undefined;
    // All routers of the link answer within half a second, or 3 s where they have just spoken (§6.2.6).
    this.#challenger = router;
    this.#ports.send("all-routers", this.#solicitationMessage());
    this.#challenge = this.#ports.clock.setTimer(answerDelayMs + leastBetweenMs, () => {
      this.#challenger = undefined;
      this.#follow(router);
    });
    return undefined;
  }

  #follow(router: Ipv6Address): void {
    this.#neighbour = router;
    this.#advertiseIn(0); // it may have come up just now, and not know us yet
    this.#owner.neighbourChanged(router);
  }

  /** §6.3.7, but for as long as nobody answers: hosts give up, a session does not. */
  #solicit(): void {
    this.#ports.send("all-routers", this.#solicitationMessage());
    this.#solicitation = this.#ports.clock.setTimer(solicitationMs, () => this.#solicit());
  }

  #solicitationMessage(): Uint8Array {
    return encodeDiscoveryMessage({ type: "router-solicitation", ...this.#source() });
  }

  /** So soon, but never sooner than the RFC lets one router speak again (§6.2.6). */
  #advertiseIn(ms: number): void {
    const now = this.#ports.clock.now();
    const wait = Math.max(ms, this.#advertisedAt + leastBetweenMs - now);
    this.#advertisement?.cancel();
    this.#advertisement = this.#ports.clock.setTimer(wait, () => this.#advertise());
  }

  /** A lifetime of 0: hosts on the link shall not send their traffic here. */
  #advertise(): void {
    this.#advertisedAt = this.#ports.clock.now();
    this.#ports.send(
      "all-nodes",
      encodeDiscoveryMessage({ type: "router-advertisement", routerLifetimeSeconds: 0, ...this.#source() }),
    );
    const { least, most } = this.#isSettled ? intervalMs.settled : intervalMs.eager;
    this.#advertiseIn(least + (most - least) * this.#ports.random());
  }

  #source(): { sourceLinkLayer?: Uint8Array } {
    return this.#linkLayer === undefined ? {} : { sourceLinkLayer: this.#linkLayer };
  }
}
