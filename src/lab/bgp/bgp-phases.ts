import { setTimeout as delay } from "node:timers/promises";
import type { Phase } from "../load/phase.ts";
import type { RouteMonitor } from "../route-monitor.ts";
import type { Observation } from "../story.ts";
import { patience } from "../patience.ts";
import type { BgpCluster } from "./bgp-cluster.ts";
import type { BgpSights } from "./bgp-sights.ts";

/** A phase that was lived through; what its requests came to is counted afterwards. */
export type LivedPhase = Omit<Phase, "routeChangesMs">;

type Step = (name: string, see: () => Promise<Observation>) => Promise<void>;

/** How long a phase lasts beyond what it waits for, so that there is something to count. */
const lingerMs = 2_000;
/** From the black hole to the power failure of the node that dies. */
const blackholeMs = 1_000;

/** What happens to the cluster while the client goes on asking: steady, drained, dead, back. */
export class BgpPhases {
  readonly #cluster: BgpCluster;
  readonly #sights: BgpSights;
  readonly #monitor: RouteMonitor;
  readonly #step: Step;
  readonly #signal: AbortSignal;

  constructor(cluster: BgpCluster, sights: BgpSights, monitor: RouteMonitor, step: Step, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#sights = sights;
    this.#monitor = monitor;
    this.#step = step;
    this.#signal = signal;
  }

  async live(): Promise<LivedPhase[]> {
    const steady = await this.#phase("steady", () => this.#linger());
    const leaving = await this.#sights.bestNode();
    const drained = await this.#phase("drained", () => this.#drain(leaving));
    await this.#return(leaving);
    const dying = await this.#sights.bestNode();
    const dead = await this.#phase("dead", () => this.#die(dying));
    const back = await this.#phase("back", () => this.#comeBack(dying));
    return [steady, drained, { ...dead, faultAtMs: dead.fromMs }, back];
  }

  async #phase(name: string, live: () => Promise<void>): Promise<LivedPhase> {
    const fromMs = Date.now();
    await live();
    return { name, fromMs, toMs: Date.now() };
  }

  #drain(node: string): Promise<void> {
    return this.#step(`${node} is drained, and its agent stopped in good order`, async () => {
      await this.#cluster.kubectl(["drain", node, "--ignore-daemonsets", `--timeout=${30 * patience}s`], this.#signal);
      await this.#cluster.stopAgent(node);
      const hops = await this.#sights.nextHopsBecome(this.#othersThan(node));
      await this.#linger();
      return { ok: true, observed: `next hops on the switch: ${hops.join(", ")}` };
    });
  }

  #return(node: string): Promise<void> {
    return this.#step(`${node} takes part again`, async () => {
      await this.#cluster.kubectl(["uncordon", node], this.#signal);
      const startMs = performance.now();
      await this.#cluster.startAgent(node);
      await this.#sights.sessions();
      const establishedMs = Math.round(performance.now() - startMs);
      const hops = await this.#sights.allNextHops();
      return {
        ok: true,
        observed: `agent's start to session established: ${establishedMs} ms; next hops ${hops.join(", ")}`,
      };
    });
  }

  /** Line 6: the node is cut off without a word, and a moment later its power fails. */
  #die(node: string): Promise<void> {
    return this.#step(`6. ${node}, of the best path, dies: its path goes, traffic moves to the other two`, async () => {
      const faultAtMs = Date.now();
      await this.#cluster.lab.blackhole(node, "data");
      await delay(blackholeMs, undefined, { signal: this.#signal });
      await this.#cluster.kill(node);
      const hops = await this.#sights.nextHopsBecome(this.#othersThan(node));
      const changedMs = ((await this.#monitor.events()).at(-1)?.atMs ?? Date.now()) - faultAtMs;
      await this.#sights.knownDead(node);
      await this.#linger();
      return { ok: true, observed: `next hops ${hops.join(", ")}, ${Math.round(changedMs)} ms after the black hole` };
    });
  }

  #comeBack(node: string): Promise<void> {
    return this.#step(`6. ${node} is back: three paths again`, async () => {
      await this.#cluster.boot(node, this.#signal);
      const hops = await this.#sights.allNextHops();
      await this.#linger();
      return { ok: true, observed: `next hops ${hops.join(", ")}` };
    });
  }

  #othersThan(node: string): string[] {
    return this.#cluster.nodes.filter((each) => each !== node).map((each) => this.#sights.addressOf(each));
  }

  #linger(): Promise<void> {
    return delay(lingerMs, undefined, { signal: this.#signal });
  }
}
