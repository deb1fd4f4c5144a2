import type { Ipv6Address } from "../../net/index.ts";
import type { LinkAddresses } from "../../linux/link-addresses/index.ts";
import type { Clock, Timer } from "../../protocols/clock/index.ts";
import { RouterDiscovery, type Arrival } from "../../protocols/ndp/index.ts";

/** What is known of a link that is up. */
export interface LinkEnds {
  readonly linkLocal: Ipv6Address;
  /** Another IPv6 address of ours on the link, if there is one. */
  readonly global: Ipv6Address | undefined;
  /** The router at the other end, once it has been heard. */
  readonly neighbour: Ipv6Address | undefined;
}

/** Sends and receives router advertisements and solicitations on one link. */
export interface DiscoverySocket {
  send(group: "all-nodes" | "all-routers", message: Uint8Array): void;
  close(): void;
}

export interface LinkPorts {
  readonly clock: Clock;
  readonly random: () => number;
  /** `undefined` while the link cannot be used. */
  readonly addresses: (link: string) => LinkAddresses | undefined;
  /** Throws where the system has no such socket for us. */
  readonly open: (
    link: string,
    local: Ipv6Address,
    received: (bytes: Uint8Array, arrival: Arrival) => void,
  ) => DiscoverySocket;
}

export interface LinkOwner {
  /** A link has come or gone, or its neighbour or an address of ours is another. */
  changed(): void;
  /** Nobody can be found on this link, and why. Said once for each why. */
  problem(link: string, message: string): void;
}

/** How often links are looked at. */
const lookMs = 1_000;

/** A link that is up, and who speaks on it. */
interface Link {
  readonly addresses: LinkAddresses;
  /** One of the others, for as long as it is there: that another comes beside it is no reason to change. */
  readonly global: Ipv6Address | undefined;
  readonly socket: DiscoverySocket;
  readonly discovery: RouterDiscovery;
}

/** The links of unnumbered peers: which are up, and which router is at the other end of each. */
export class UnnumberedLinks {
  readonly #ports: LinkPorts;
  readonly #owner: LinkOwner;
  /** By name; undefined while it is down. */
  readonly #links = new Map<string, Link | undefined>();
  /** Links whose neighbour is in session with us. */
  #settled: ReadonlySet<string> = new Set();
  readonly #problems = new Map<string, string>();
  #timer: Timer | undefined;

  constructor(ports: LinkPorts, owner: LinkOwner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  /** Makes these all the links to be found on. Within this call their state is known. */
  setLinks(names: ReadonlySet<string>): void {
    for (const name of this.#links.keys()) {
      if (names.has(name)) continue;
      this.#takeDown(name);
      this.#links.delete(name);
      this.#problems.delete(name);
    }
    for (const name of names) {
      if (this.#links.has(name)) continue;
      this.#links.set(name, undefined);
      this.#look(name);
    }
    if (names.size > 0) this.#timer ??= this.#lookLater();
    else this.#rest();
  }

  /** `undefined` while it is down. */
  ends(name: string): LinkEnds | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return undefined;
    const { addresses, global, discovery } = link;
    return { linkLocal: addresses.linkLocal, global, neighbour: discovery.neighbour };
  }

  /** Links whose neighbour is in session with us. */
  setSettled(names: ReadonlySet<string>): void {
    this.#settled = names;
    for (const [name, link] of this.#links) link?.discovery.setSettled(names.has(name));
  }

  stop(): void {
    this.setLinks(new Set());
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lookLater(): Timer {
    return this.#ports.clock.setTimer(lookMs, () => {
      this.#timer = this.#lookLater();
      const changes = [...this.#links.keys()].map((name) => this.#look(name));
      if (changes.includes(true)) this.#owner.changed();
    });
  }

  /** Whether anything has changed. */
  #look(name: string): boolean {
    const before = this.#links.get(name);
    const addresses = this.#ports.addresses(name);
    if (before !== undefined && addresses !== undefined && isSameLink(before.addresses, addresses)) {
      const isKept = addresses.others.some(({ value }) => value === before.global?.value);
      const global = isKept ? before.global : addresses.others[0];
      this.#links.set(name, { ...before, addresses, global });
      return global?.value !== before.global?.value;
    }
    if (before !== undefined) this.#takeDown(name);
    if (addresses !== undefined) this.#takeUp(name, addresses);
    return before !== undefined || this.#links.get(name) !== undefined;
  }

  #takeUp(name: string, addresses: LinkAddresses): void {
    try {
      const socket = this.#ports.open(name, addresses.linkLocal, (bytes, arrival) =>
        discovery.received(bytes, arrival),
      );
      const discovery = this.#discovery(name, addresses, socket);
      this.#links.set(name, { addresses, global: addresses.others[0], socket, discovery });
      this.#problems.delete(name);
      discovery.setSettled(this.#settled.has(name));
      discovery.start();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // The address is new, and the kernel still asks whether another has it (RFC 4862 §5.4): the next look will do.
      if (isTentative(error) || this.#problems.get(name) === message) return;
      this.#problems.set(name, message);
      this.#owner.problem(name, message);
    }
  }

  #discovery(name: string, { linkLayer }: LinkAddresses, socket: DiscoverySocket): RouterDiscovery {
    const { clock, random } = this.#ports;
    return new RouterDiscovery(
      { clock, random, send: (group, message) => socket.send(group, message) },
      { neighbourChanged: () => this.#links.has(name) && this.#owner.changed() },
      linkLayer.some((octet) => octet !== 0) ? linkLayer : undefined,
    );
  }

  #takeDown(name: string): void {
    const link = this.#links.get(name);
    link?.discovery.stop();
    link?.socket.close();
    this.#links.set(name, undefined);
  }
}

function isSameLink(a: LinkAddresses, b: LinkAddresses): boolean {
  return (
    a.index === b.index && a.linkLocal.value === b.linkLocal.value && Buffer.compare(a.linkLayer, b.linkLayer) === 0
  );
}

function isTentative(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRNOTAVAIL";
}
