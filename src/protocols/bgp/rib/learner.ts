import type { AddressFamily } from "../../../net/index.ts";
import type { Timer } from "../../clock/index.ts";
import type { UpdateMessage } from "../codec/messages.ts";
import { endOfRibOf } from "../codec/update.ts";
import type { ResolvedPeerConfig } from "../config.ts";
import type { SpeakerPorts } from "../ports.ts";
import type { Negotiated, NegotiatedRestart } from "../status.ts";
import { AdjRibIn, changesOf, type ReceivedChanges, type ReceivedRoute } from "./adj-rib-in.ts";

const families = [4, 6] as const;
const defaultStalePathMs = 360_000;

/**
 * What one peer tells us, kept while the peer restarts gracefully: the "receiving speaker" of RFC 4724 §4.2. `changed`
 * hears of what UPDATEs change, and of routes that go because the peer did not tell them again.
 */
export class Learner {
  readonly #ports: Required<SpeakerPorts>;
  readonly #stalePathMs: number;
  readonly #rib = new AdjRibIn();
  readonly #keep: boolean;
  readonly #changed: (changes: ReceivedChanges) => void;
  readonly #isHeard: () => boolean;
  #patience: Timer | undefined;
  #faults = { treatedAsWithdraw: 0, attributesDiscarded: 0 };

  /** `isHeard`: whether anybody listens to `changed`. */
  constructor(
    ports: Required<SpeakerPorts>,
    config: ResolvedPeerConfig,
    changed: (changes: ReceivedChanges) => void,
    isHeard: () => boolean,
  ) {
    this.#ports = ports;
    this.#stalePathMs = config.gracefulRestart?.stalePathMs ?? defaultStalePathMs;
    this.#keep = config.inbound === "keep";
    this.#changed = changed;
    this.#isHeard = isHeard;
  }

  routes(): Iterable<ReceivedRoute> {
    return this.#rib.routes();
  }

  get counts(): { announced: number; withdrawn: number } {
    return { announced: this.#rib.announced, withdrawn: this.#rib.withdrawn };
  }

  get staleCount(): number {
    return this.#rib.staleCount;
  }

  get faults(): { treatedAsWithdraw: number; attributesDiscarded: number } {
    return { ...this.#faults };
  }

  /** A session has been established. The peer has so long to tell again what we have kept, if it has kept it, too. */
  attach({ gracefulRestart }: Negotiated): void {
    this.#patience?.cancel();
    for (const family of families) {
      if (gracefulRestart?.peerForwarding.includes(family) !== true) this.#dropStale(family);
    }
    if (this.#rib.staleCount > 0) this.#dropAllAfter(this.#stalePathMs);
  }

  /** The session is over; what the peer told us goes with it, unless the peer is believed to restart gracefully. */
  detach(restart: NegotiatedRestart | undefined): void {
    this.#patience?.cancel();
    this.#rib.announced = 0;
    this.#rib.withdrawn = 0;
    this.#faults = { treatedAsWithdraw: 0, attributesDiscarded: 0 };
    if (restart === undefined) return this.#rib.clear();
    for (const family of families) {
      this.#dropStale(family); // twice restarted without having told it again (§4.2)
      this.#rib.markStale(family);
      if (!restart.peerFamilies.includes(family)) this.#dropStale(family);
    }
    if (this.#rib.staleCount > 0) this.#dropAllAfter(restart.peerRestartTimeMs);
  }

  /** For good: nothing is kept. */
  stop(): void {
    this.#patience?.cancel();
    this.#rib.clear();
  }

  updated(update: UpdateMessage): void {
    const { faults = [] } = update;
    if (faults.some(({ code }) => code === "treat-as-withdraw")) this.#faults.treatedAsWithdraw += 1;
    else if (faults.length > 0) this.#faults.attributesDiscarded += 1;
    const family = endOfRibOf(update);
    if (family !== undefined) return this.#dropStale(family);
    this.#rib.count(update);
    if (!this.#keep && !this.#isHeard()) return undefined;
    const changes = changesOf(update);
    if (this.#keep) this.#rib.apply(changes);
    return this.#changed(changes);
  }

  /** RFC 7313 §4: between these two the peer tells all its routes again. */
  refreshBegins(family: AddressFamily): void {
    this.#rib.markStale(family);
    if (this.#rib.staleCount > 0) this.#dropAllAfter(this.#stalePathMs);
  }

  refreshEnds(family: AddressFamily): void {
    this.#dropStale(family);
  }

  #dropAllAfter(ms: number): void {
    this.#patience?.cancel();
    this.#patience = this.#ports.clock.setTimer(ms, () => {
      for (const family of families) this.#dropStale(family);
    });
  }

  #dropStale(family: AddressFamily): void {
    const withdrawn = this.#rib.dropStale(family);
    if (this.#rib.staleCount === 0) this.#patience?.cancel();
    if (withdrawn.length > 0) this.#changed({ announced: [], withdrawn });
  }
}
