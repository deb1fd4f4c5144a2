import { formatPrefix, isLinkLocal, parsePrefix, prefixContains, sameAddress, type Address } from "../../net/index.ts";
import type { Peer as PlannedPeer } from "../../plan/index.ts";
import type { Clock, Timer } from "../../protocols/clock/index.ts";

/** What a node has, in the kernel's order. */
export type NodeAddressList = readonly { readonly link: string; readonly address: Address }[];

/** How often the node's addresses are looked at, where a peer depends on them. */
const lookMs = 1_000;

/** Finds the address that each peer with `sourceFrom` is dialled from, and keeps it for as long as the node has it. */
export class SourceAddresses {
  readonly #clock: Clock;
  readonly #addresses: () => NodeAddressList;
  readonly #changed: () => void;
  /** Those with `sourceFrom`. */
  #peers: readonly PlannedPeer[] = [];
  /** By the peer's name. */
  #found: ReadonlyMap<string, Address> = new Map();
  #timer: Timer | undefined;

  constructor(clock: Clock, addresses: () => NodeAddressList, changed: () => void) {
    this.#clock = clock;
    this.#addresses = addresses;
    this.#changed = changed;
  }

  /** Within this call their addresses are known. */
  setPeers(peers: readonly PlannedPeer[]): void {
    this.#peers = peers.filter(({ sourceFrom }) => sourceFrom !== undefined);
    this.#look();
    if (this.#peers.length > 0) this.#timer ??= this.#lookLater();
    else this.stop();
  }

  /**
   * The peer with the address that it is dialled from, if the node has one. It is the BGP identifier too, where none is
   * asked for: beside another speaker of the node two of one AS must not have the same (RFC 6286 §2.1).
   */
  sourced(peer: PlannedPeer): PlannedPeer {
    const sourceAddress = peer.sourceFrom === undefined ? undefined : this.#found.get(peer.name);
    if (sourceAddress === undefined) return peer;
    return {
      ...peer,
      sourceAddress,
      routerId: peer.routerId ?? (sourceAddress.family === 4 ? sourceAddress : undefined),
    };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lookLater(): Timer {
    return this.#clock.setTimer(lookMs, () => {
      this.#timer = this.#lookLater();
      if (this.#look()) this.#changed();
    });
  }

  /** Whether anything has changed. */
  #look(): boolean {
    if (this.#peers.length === 0) return false;
    const addresses = this.#addresses();
    const before = this.#found;
    this.#found = new Map(
      this.#peers.flatMap((peer): [string, Address][] => {
        const fitting = addresses.filter((each) => fits(peer, each)).map(({ address }) => address);
        const former = before.get(peer.name);
        const address = fitting.find((each) => former !== undefined && sameAddress(each, former)) ?? fitting[0];
        return address === undefined ? [] : [[peer.name, address]];
      }),
    );
    return this.#peers.some(({ name }) => {
      const [was, is] = [before.get(name), this.#found.get(name)];
      return was === undefined || is === undefined ? was !== is : !sameAddress(was, is);
    });
  }
}

/** Every node's own, and nobody else's: what the link `lo` has beside them is meant. */
const loopback = ["127.0.0.0/8", "::1/128"].flatMap((text) => parsePrefix(text) ?? []);

function fits({ reach, sourceFrom }: PlannedPeer, { link, address }: NodeAddressList[number]): boolean {
  if (reach.by !== "address" || address.family !== reach.address.family) return false;
  if (sourceFrom?.by === "prefix") return prefixContains(sourceFrom.prefix, address);
  return (
    sourceFrom?.link === link && !isLinkLocal(address) && !loopback.some((prefix) => prefixContains(prefix, address))
  );
}

/** What the node lacks to dial this peer, for people; `undefined` if nothing. */
export function missingSource({ reach, sourceAddress, sourceFrom }: PlannedPeer): string | undefined {
  if (sourceFrom === undefined || sourceAddress !== undefined || reach.by !== "address") return undefined;
  const where = sourceFrom.by === "link" ? `on link ${sourceFrom.link}` : `in ${formatPrefix(sourceFrom.prefix)}`;
  return `this node has no IPv${reach.address.family} address ${where} to dial from (fairlead.dev/source-from)`;
}
