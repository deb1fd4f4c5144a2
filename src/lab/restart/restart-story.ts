import { setTimeout as delay } from "node:timers/promises";
import { manifest, type BgpCluster, type BgpClusterOptions, type ClusterChoices } from "../bgp/bgp-cluster.ts";
import { BgpSights } from "../bgp/bgp-sights.ts";
import { tellOnCluster } from "../bgp/tell-on-cluster.ts";
import { watchPaths } from "../bgp/watch-paths.ts";
import type { BfdTimes } from "../frr-switch.ts";
import { LoadClient } from "../load/load-client.ts";
import { reportPhase, type PhaseReport } from "../load/phase.ts";
import { RouteMonitor, type RouteEvent } from "../route-monitor.ts";
import type { Audience, Observation, Story, StoryReport } from "../story.ts";
import { RestartSights } from "./restart-sights.ts";

const address = "172.19.100.1";
const prefix = `${address}/32`;
const load = { address, port: 80, rate: 120, timeoutMs: 300 };

/** How long each part lasts beyond what it waits for, so that a session that is lost once more is seen. */
const lingerMs = 1_500;

/** Tells how agents go and come without a route leaving the switch, on a lab that is built for it and removed after it. */
export async function tellRestartStory(
  audience: Audience,
  signal: AbortSignal,
  choices: ClusterChoices & Pick<BgpClusterOptions, "bfd">,
): Promise<StoryReport> {
  return tellOnCluster("restart", audience, { ...choices, signal, gracefulRestart: true }, (cluster, story) =>
    new Telling(cluster, story, signal, choices.bfd).tell(),
  );
}

/** A part of the story, and what is to be seen of it. */
interface Part {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

class Telling {
  readonly #cluster: BgpCluster;
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #bfd: BfdTimes | undefined;
  readonly #bgp: BgpSights;
  readonly #sights: RestartSights;
  readonly #parts: Part[] = [];

  constructor(cluster: BgpCluster, story: Story, signal: AbortSignal, bfd: BfdTimes | undefined) {
    this.#cluster = cluster;
    this.#story = story;
    this.#signal = signal;
    this.#bfd = bfd;
    this.#bgp = new BgpSights(cluster, address, signal);
    this.#sights = new RestartSights(cluster, signal);
  }

  async tell(): Promise<void> {
    await this.#step("configured with kubectl apply: each session can be restarted", () => this.#configured());
    const monitor = await RouteMonitor.start(this.#cluster.lab, "switch", this.#signal);
    const client = await LoadClient.start(this.#cluster.lab, "client", load);
    const killed = await this.#bgp.bestNode();
    await this.#part("killed", `the agent of ${killed} is killed with -9, and started again`, () =>
      this.#killed(killed),
    );
    for (const node of this.#cluster.nodes) {
      await this.#part(`${node} succeeded`, `${node}: a new agent takes over from the one that runs`, () =>
        this.#succeeded(node),
      );
    }
    await client.stop();
    await monitor.stop();
    const events = (await monitor.events()).filter((event) => event.prefix === prefix);
    const requests = await client.requests();
    const routeChangesMs = events.map((event) => event.atMs);
    const phases = this.#parts.map((part) => reportPhase({ ...part, routeChangesMs }, requests));
    for (const phase of phases) this.#story.phase(phase);
    await this.#step("no route has left the switch", () => this.#routesStayed(events));
    await this.#step("nothing has failed", () => Promise.resolve(nothingFailed(phases)));
  }

  #step(name: string, see: () => Promise<Observation>): Promise<void> {
    return this.#story.step(name, see, this.#signal);
  }

  async #part(name: string, step: string, see: () => Promise<Observation>): Promise<void> {
    const fromMs = Date.now();
    await this.#step(step, see);
    this.#parts.push({ name, fromMs, toMs: Date.now() });
  }

  async #configured(): Promise<Observation> {
    const files = ["-f", manifest("resources-graceful-restart"), "-f", manifest("workload")];
    await this.#cluster.kubectl(["apply", ...files], this.#signal);
    await this.#bgp.allNextHops();
    if (this.#bfd !== undefined) {
      await watchPaths(this.#cluster, this.#bfd, this.#signal);
      await this.#pathsAreWatched();
    }
    await this.#sights.settled();
    const hops = await this.#bgp.allNextHops();
    return { ok: hops.length === 3, observed: `graceful restart on all sessions; via ${hops.join(", ")}` };
  }

  async #killed(node: string): Promise<Observation> {
    const before = await this.#sights.session(node);
    const start = performance.now();
    await this.#cluster.killAgent(node);
    await this.#cluster.startAgent(node);
    await this.#sights.establishedAfter(node, before);
    const backMs = performance.now() - start;
    const lost = (await this.#settled(node)) - before.drops;
    return { ok: lost > 0, observed: `the session was back ${seconds(backMs)} after the kill; ${times(lost)}` };
  }

  async #succeeded(node: string): Promise<Observation> {
    const before = await this.#sights.session(node);
    const old = await this.#cluster.startSuccessor(node);
    await this.#sights.establishedAfter(node, before);
    const drops = await this.#settled(node);
    const stillRuns = await old.isRunning();
    const status = await old.stop();
    const after = await this.#settled(node);
    const withStatus = status === undefined ? "" : `, with status ${status}`;
    const ended = stillRuns ? "ended after that" : "gone before it was asked to";
    return {
      ok: drops > before.drops && after === drops && stillRuns && (status === undefined || status === 0),
      observed: `${times(drops - before.drops)}; the old agent was ${ended}${withStatus}: ${after - drops} more`,
    };
  }

  /** How often the switch has lost the session so far, when all is as before for a while. */
  async #settled(node: string): Promise<number> {
    if (this.#bfd !== undefined) await this.#pathsAreWatched();
    await delay(lingerMs, undefined, { signal: this.#signal });
    await this.#bgp.sessions();
    return (await this.#sights.session(node)).drops;
  }

  async #pathsAreWatched(): Promise<void> {
    await this.#bgp.bfdSessions();
    await this.#bgp.nodesInSight();
  }

  /** Also a next hop that goes for a moment is a route that has left. */
  async #routesStayed(events: readonly RouteEvent[]): Promise<Observation> {
    const hops = await this.#bgp.allNextHops();
    const lost = events.filter(({ change, nextHops }) => change === "deleted" || nextHops.length < 3);
    return {
      ok: lost.length === 0,
      observed: `ip monitor saw ${events.length} changes of ${prefix}, and ${lost.length} next hops go; still via ${hops.join(", ")}`,
    };
  }
}

function nothingFailed(phases: readonly PhaseReport[]): Observation {
  const sent = phases.reduce((sum, phase) => sum + phase.sent, 0);
  const failed = phases.reduce((sum, phase) => sum + phase.failed, 0);
  const errors = phases.flatMap((phase) =>
    Object.entries(phase.otherErrors).map(([error, count]) => `${count} ${error}`),
  );
  return { ok: sent > 0 && failed === 0, observed: `${sent} requests, ${failed} failed ${errors.join(", ")}`.trim() };
}

function times(lost: number): string {
  return `the switch lost the session ${lost === 1 ? "once" : `${lost} times`}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
