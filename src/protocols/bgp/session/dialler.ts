import type { Timer } from "../../clock/index.ts";
import { linkOptionsOf, type ResolvedPeerConfig } from "../config.ts";
import { jittered, type SpeakerPorts } from "../ports.ts";
import { TransportError, type Connection } from "../transport.ts";

export interface DiallerOwner {
  connected(connection: Connection): void;
  failed(error: TransportError): void;
}

/**
 * Opens connections to one peer, again and again until one is there: RFC 4271's ConnectRetryTimer, which starts with each
 * attempt, ends the attempt when it runs out, and begins the next. It doubles up to a bound.
 */
export class Dialler {
  readonly #ports: Required<SpeakerPorts>;
  readonly #config: ResolvedPeerConfig;
  readonly #owner: DiallerOwner;
  #retryMs: number;
  #pending: { cancel(): void } | undefined;
  #timer: Timer | undefined;
  #attempts = 0;

  constructor(ports: Required<SpeakerPorts>, config: ResolvedPeerConfig, owner: DiallerOwner) {
    this.#ports = ports;
    this.#config = config;
    this.#owner = owner;
    this.#retryMs = config.connectRetryMs.least;
  }

  get attempts(): number {
    return this.#attempts;
  }

  get isConnecting(): boolean {
    return this.#pending !== undefined;
  }

  /** Without effect while it is not known where to. */
  dial(): void {
    this.stop();
    const { remoteAddress, remotePort, interface: link, localAddress, vrf } = this.#config;
    if (remoteAddress === undefined) return;
    this.#attempts += 1;
    const ms = this.#wait(() => {
      if (this.#pending !== undefined) this.#owner.failed(timedOut(ms));
      this.dial();
    });
    const options = {
      remote: { address: remoteAddress, port: remotePort, ...(link === undefined ? {} : { interface: link }) },
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(vrf === undefined ? {} : { vrf }),
      ...linkOptionsOf(this.#config),
    };
    this.#pending = this.#ports.transport.dial(options, {
      connected: (connection) => {
        this.#pending = undefined;
        this.stop();
        this.#owner.connected(connection);
      },
      failed: (error) => {
        this.#pending = undefined;
        this.#owner.failed(error);
      },
    });
  }

  dialLater(): void {
    this.stop();
    this.#wait(() => this.dial());
  }

  /** The next wait is the shortest again. */
  reset(): void {
    this.#retryMs = this.#config.connectRetryMs.least;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pending?.cancel();
    this.#pending = undefined;
  }

  /** Returns how long, in ms. */
  #wait(then: () => void): number {
    const ms = jittered(this.#retryMs, this.#ports);
    this.#timer = this.#ports.clock.setTimer(ms, () => {
      this.#retryMs = Math.min(2 * this.#retryMs, this.#config.connectRetryMs.most);
      then();
    });
    return ms;
  }
}

function timedOut(ms: number): TransportError {
  return new TransportError("transport.timed-out", `no answer to the attempt to connect within ${Math.round(ms)} ms`);
}
