import { sameAddress, type Address } from "../../net/index.ts";
import type { Clock } from "../clock/index.ts";
import type { Datagram, Transport } from "./transport.ts";

export interface CableOptions {
  readonly latencyMs: number;
  /** Whether a packet gets lost. */
  readonly loses: (bytes: Uint8Array, from: Address) => boolean;
}

/** Hosts with one address each on one link, on a clock that a test advances: BFD without a socket. */
export class SimulatedCable {
  readonly #clock: Clock;
  readonly #options: CableOptions;
  readonly #hosts: { readonly address: Address; readonly receive: (datagram: Datagram) => void }[] = [];
  isCut = false;
  /** Echo packets are lost, as where a filter drops what a host forwards; control packets are not. */
  losesEcho = false;

  constructor(clock: Clock, options: Partial<CableOptions> = {}) {
    this.#clock = clock;
    this.#options = { latencyMs: 1, loses: () => false, ...options };
  }

  /** The transport of the host with this address. Its packets arrive with `ttl`. */
  host(address: Address, ttl = 255): Transport {
    let isClosed = false;
    return {
      listen: (receive) => void this.#hosts.push({ address, receive }),
      open: ({ hops, remoteAddress }) => ({
        send: (bytes) =>
          !isClosed &&
          this.#carry({ hops, source: address, destination: remoteAddress, interface: "eth0", ttl, bytes }),
        close: () => {},
      }),
      openEcho: (_path, received) => ({
        loopsTheirs: true,
        send: (bytes) => {
          this.#clock.setTimer(2 * this.#options.latencyMs, () => {
            if (!this.isCut && !this.losesEcho && !isClosed) received(bytes);
          });
          return true;
        },
        close: () => {},
      }),
      deliverPending: () => {},
      close: () => {
        isClosed = true;
        const index = this.#hosts.findIndex((host) => sameAddress(host.address, address));
        if (index >= 0) this.#hosts.splice(index, 1);
      },
    };
  }

  /** Hands over what nobody has sent, at once. */
  deliver(bytes: Uint8Array, source: Address, destination: Address): void {
    const datagram = { hops: "single", source, destination, interface: "eth0", ttl: 255, bytes } as const;
    this.#hosts.find(({ address }) => sameAddress(address, destination))?.receive(datagram);
  }

  #carry(datagram: Datagram): true {
    const { latencyMs, loses } = this.#options;
    if (loses(datagram.bytes, datagram.source)) return true;
    this.#clock.setTimer(latencyMs, () => {
      if (this.isCut) return;
      this.#hosts.find(({ address }) => sameAddress(address, datagram.destination))?.receive(datagram);
    });
    return true;
  }
}
