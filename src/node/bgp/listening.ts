import { formatAddress, ipv4, ipv6, type Ipv6Address } from "../../net/index.ts";
import type { Peer as PlannedPeer } from "../../plan/index.ts";
import type { Timer } from "../../protocols/clock/index.ts";
import type { Endpoint, ListenEndpoint, Speaker, SpeakerPorts } from "../../protocols/bgp/index.ts";

const retryMs = 5_000;

export interface ListeningOptions {
  /** At the node's own addresses, outside of any VRF; empty to accept nothing anywhere. */
  readonly listen: readonly Endpoint[];
  /** Whether nothing is to be accepted yet; when that is over, `start` is called. */
  readonly isWaiting: () => boolean;
  readonly onFailure: (error: Error) => void;
}

/**
 * Where a node accepts sessions: at its own addresses, in each VRF that a peer is in, and on each link of an unnumbered
 * peer, also when that comes later.
 */
export class Listening {
  readonly #speaker: Speaker;
  readonly #ports: SpeakerPorts;
  readonly #options: ListeningOptions;
  #vrfs: readonly string[] = [];
  #links: ReadonlyMap<string, Ipv6Address> = new Map();
  #wanted = "";
  #work: Promise<void> = Promise.resolve();
  #retry: Timer | undefined;
  #said: string | undefined;
  #isStopped = false;

  constructor(speaker: Speaker, ports: SpeakerPorts, options: ListeningOptions) {
    this.#speaker = speaker;
    this.#ports = ports;
    this.#options = options;
  }

  /** Ends when it was tried; what failed is tried again. */
  start(): Promise<void> {
    return this.#listen();
  }

  /** `links`: our own addresses on the links of unnumbered peers, as far as those are up. */
  setPeers(peers: readonly PlannedPeer[], links: ReadonlyMap<string, Ipv6Address>): void {
    const vrfs = [...new Set(peers.flatMap(({ reach, vrf }) => (reach.by === "address" ? (vrf ?? []) : [])))].sort();
    const wanted = [...vrfs, ...[...links].map(([link, address]) => `${formatAddress(address)}%${link}`)].join(" ");
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#vrfs = vrfs;
    this.#links = links;
    void this.#listen();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.cancel();
    await this.#work;
  }

  #listen(): Promise<void> {
    this.#work = this.#work.then(() => this.#try());
    return this.#work;
  }

  async #try(): Promise<void> {
    this.#retry?.cancel();
    if (this.#isStopped || this.#options.isWaiting()) return;
    try {
      await this.#speaker.setListening(this.#endpoints());
      this.#said = undefined;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (failure.message !== this.#said) this.#options.onFailure(failure);
      this.#said = failure.message;
      this.#retry = this.#ports.clock.setTimer(retryMs, () => void this.#listen());
    }
  }

  /** A VRF's addresses are not the node's own: all that come in by it are meant. */
  #endpoints(): ListenEndpoint[] {
    const { listen } = this.#options;
    const port = listen[0]?.port;
    if (port === undefined) return [];
    const anywhere = [ipv4(0), ipv6(0n)];
    return [
      ...listen,
      ...this.#vrfs.flatMap((vrf) => anywhere.map((address) => ({ address, port, vrf }))),
      ...[...this.#links].map(([link, address]) => ({ address, port, interface: link })),
    ];
  }
}
