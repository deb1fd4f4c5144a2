import { formatAddress, type Address } from "../../net/index.ts";
import type { Clock } from "../clock/index.ts";
import { SimulatedConnection, Wire, type WireOptions } from "./simulated-connection.ts";
import {
  TransportError,
  type Connection,
  type DialHandlers,
  type DialOptions,
  type Endpoint,
  type Listener,
  type Transport,
} from "./transport.ts";

type Accept = (connection: Connection) => void;

/** Hosts with one address each, on a clock that a test advances: connections without a socket. */
export class SimulatedNetwork {
  readonly #clock: Clock;
  readonly #options: WireOptions;
  readonly #listeners = new Map<string, Accept>();
  readonly #wires = new Set<Wire>();
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
      listen: (local, accept) => this.#listen({ ...local, address }, accept),
    };
  }

  /** From now on nothing arrives and nobody is told. */
  cut(): void {
    this.#isCut = true;
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
      const accept = this.#listeners.get(nameOf(options.remote));
      if (accept === undefined) {
        const where = nameOf(options.remote);
        handlers.failed(new TransportError("transport.refused", `connect ECONNREFUSED ${where}`));
        return;
      }
      const local = { address: options.localAddress ?? from, port: this.#nextPort++ };
      const [near, far] = this.#pair(local, options.remote);
      handlers.connected(near);
      accept(far);
    });
    return { cancel: () => timer.cancel() };
  }

  #listen(local: Endpoint, accept: Accept): Promise<Listener> {
    const name = nameOf(local);
    if (this.#listeners.has(name)) {
      return Promise.reject(new TransportError("transport.address-in-use", `listen EADDRINUSE ${name}`));
    }
    this.#listeners.set(name, accept);
    const close = () => {
      this.#listeners.delete(name);
      return Promise.resolve();
    };
    return Promise.resolve({ local, close });
  }

  #pair(near: Endpoint, far: Endpoint): [SimulatedConnection, SimulatedConnection] {
    const newWire = () => {
      const wire = new Wire(this.#clock, this.#options, () => this.#isCut);
      this.#wires.add(wire);
      return wire;
    };
    const [there, back] = [newWire(), newWire()];
    return [
      new SimulatedConnection(this.#clock, { local: near, remote: far }, there, back),
      new SimulatedConnection(this.#clock, { local: far, remote: near }, back, there),
    ];
  }
}

function nameOf({ address, port }: Endpoint): string {
  return `${formatAddress(address)} port ${port}`;
}
