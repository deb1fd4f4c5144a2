import { formatAddress, type Address } from "../../../net/index.ts";
import type { Clock } from "../../clock/index.ts";
import {
  TransportError,
  type Connection,
  type DialHandlers,
  type DialOptions,
  type Endpoint,
  type Listener,
  type ListeningPeer,
  type Transport,
} from "../transport.ts";
import { SimulatedConnection, Wire, type WireOptions } from "./simulated-connection.ts";

interface Listening {
  readonly accept: (connection: Connection) => void;
  peers: readonly ListeningPeer[];
}

/** Hosts with one address each, on a clock that a test advances: connections without a socket. */
export class SimulatedNetwork {
  readonly #clock: Clock;
  readonly #options: WireOptions;
  readonly #listeners = new Map<string, Listening>();
  readonly #wires = new Set<Wire>();
  readonly #connections = new Set<SimulatedConnection>();
  #isCut = false;
  #nextPort = 40_000;

  constructor(clock: Clock, options: Partial<WireOptions> = {}) {
    this.#clock = clock;
    this.#options = { latencyMs: 1, windowBytes: 65_536, chunkBytes: Number.POSITIVE_INFINITY, ...options };
  }

  /** The transport of the host with this address. */
  host(address: Address): Transport {
    return {
      dial: (options, handlers) => this.#dial(address, options, handlers),
      listen: (local, accept, options) => this.#listen({ ...local, address }, { accept, peers: options?.peers ?? [] }),
    };
  }

  /** From now on nothing arrives and nobody is told. */
  cut(): void {
    this.#isCut = true;
  }

  /** The process at this address is killed: the system resets its connections, and nobody listens any more. */
  kill(address: Address): void {
    const host = formatAddress(address);
    for (const connection of this.#connections) {
      if (formatAddress(connection.local.address) === host) connection.destroy();
    }
    this.forget(address);
  }

  /** The machine at this address is gone: nobody listens any more, and nobody is told. */
  forget(address: Address): void {
    const host = formatAddress(address);
    for (const name of this.#listeners.keys()) {
      if (name.startsWith(`${host} `)) this.#listeners.delete(name);
    }
  }

  /** What was held up arrives, as TCP's repetitions would bring it. */
  mend(): void {
    this.#isCut = false;
    for (const wire of this.#wires) wire.resume();
  }

  #dial(from: Address, options: DialOptions, handlers: DialHandlers): { cancel(): void } {
    const { latencyMs } = this.#options;
    const timer = this.#clock.setTimer(2 * latencyMs, () => {
      if (this.#isCut) return; // no answer: the dialler's own patience ends it
      const listening = this.#listeners.get(nameOf(options.remote));
      if (listening === undefined) {
        const where = nameOf(options.remote);
        handlers.failed(new TransportError("transport.refused", `connect ECONNREFUSED ${where}`));
        return;
      }
      const local = { address: options.localAddress ?? from, port: this.#nextPort++ };
      const key = listening.peers.find((peer) => formatAddress(peer.address) === formatAddress(local.address));
      if (key?.md5Password !== options.md5Password) return; // RFC 2385 §2: dropped without a word
      const [near, far] = this.#pair(local, options.remote);
      handlers.connected(near);
      listening.accept(far);
    });
    return { cancel: () => timer.cancel() };
  }

  #listen(local: Endpoint, listening: Listening): Promise<Listener> {
    const name = nameOf(local);
    if (this.#listeners.has(name)) {
      return Promise.reject(new TransportError("transport.address-in-use", `listen EADDRINUSE ${name}`));
    }
    this.#listeners.set(name, listening);
    const close = () => {
      this.#listeners.delete(name);
      return Promise.resolve();
    };
    const setPeers = (peers: readonly ListeningPeer[]) => void (listening.peers = peers);
    return Promise.resolve({ local, setPeers, close });
  }

  #pair(near: Endpoint, far: Endpoint): [SimulatedConnection, SimulatedConnection] {
    const newWire = () => {
      const wire = new Wire(this.#clock, this.#options, () => this.#isCut);
      this.#wires.add(wire);
      return wire;
    };
    const [there, back] = [newWire(), newWire()];
    const ends: [SimulatedConnection, SimulatedConnection] = [
      new SimulatedConnection(this.#clock, { local: near, remote: far }, there, back),
      new SimulatedConnection(this.#clock, { local: far, remote: near }, back, there),
    ];
    for (const end of ends) this.#connections.add(end);
    return ends;
  }
}

function nameOf({ address, port }: Endpoint): string {
  return `${formatAddress(address)} port ${port}`;
}
