import { manifest, type BgpCluster, type ClusterChoices } from "../bgp/bgp-cluster.ts";
import { BgpSights } from "../bgp/bgp-sights.ts";
import { tellOnCluster } from "../bgp/tell-on-cluster.ts";
import { LoadClient } from "../load/load-client.ts";
import { reportPhase } from "../load/phase.ts";
import { RouteMonitor } from "../route-monitor.ts";
import type { Audience, Observation, Story, StoryReport } from "../story.ts";
import { addressOn } from "../topology.ts";
import { RolloutSights } from "./rollout-sights.ts";

const address = "172.19.100.1";
const prefix = `${address}/32`;
const load = { address, port: 80, rate: 60, timeoutMs: 300 };

/** How long the lab's agents try a change: less than by default, for a story should be short. */
const trialMs = 6_000;

/** Tells how changes to peers are tried on one node first, on a lab that is built for it and removed after it. */
export async function tellRolloutStory(
  audience: Audience,
  signal: AbortSignal,
  choices: ClusterChoices,
): Promise<StoryReport> {
  const options = { ...choices, signal, agentArguments: ["--trial-ms", String(trialMs)] };
  return tellOnCluster("rollout", audience, options, (cluster, story) => new Telling(cluster, story, signal).tell());
}

class Telling {
  readonly #cluster: BgpCluster;
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #sights: RolloutSights;
  readonly #bgp: BgpSights;
  /** The node that is asked first: by name. */
  readonly #first: string;

  constructor(cluster: BgpCluster, story: Story, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#story = story;
    this.#signal = signal;
    this.#sights = new RolloutSights(cluster, signal);
    this.#bgp = new BgpSights(cluster, address, signal);
    this.#first = [...cluster.nodes].sort()[0] ?? "";
  }

  async tell(): Promise<void> {
    await this.#step("configured with kubectl apply, and kept at once: nobody has anything to lose", () =>
      this.#configured(),
    );
    const monitor = await RouteMonitor.start(this.#cluster.lab, "switch", this.#signal);
    const client = await LoadClient.start(this.#cluster.lab, "client", load);
    const fromMs = Date.now();
    await this.#step("a wrong AS number costs one node its session, which takes it back by itself", () =>
      this.#wrong(),
    );
    await this.#step("the BGPPeer says who tried it, and what came of it", () => this.#told());
    await this.#step("fairlead status says what is kept, and what is refused", () => this.#status());
    await this.#step("an agent that starts meanwhile uses what was kept", () => this.#restarted());
    await this.#step("mended, nothing has to be tried", () => this.#mended());
    await this.#step("a community reaches one node first, then the others, and no session ends", () =>
      this.#community(),
    );
    await this.#step("a hold time, which a session must end for, takes them one after the other", () =>
      this.#holdTime(),
    );
    const toMs = Date.now();
    await client.stop();
    await this.#count(fromMs, toMs, monitor, client);
    await this.#step("first the cluster, then the switch: the nodes' AS number, refused at first", () =>
      this.#migrationBegins(),
    );
    await this.#step("the switch follows, and the change is kept without another word", () => this.#migrationEnds());
    await monitor.stop();
  }

  #step(name: string, see: () => Promise<Observation>): Promise<void> {
    return this.#story.step(name, see, this.#signal);
  }

  async #configured(): Promise<Observation> {
    await this.#cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")], this.#signal);
    const hops = await this.#bgp.allNextHops();
    const { kept, attempts } = await this.#sights.rolloutIs(
      "that all is kept",
      ({ candidate }) => candidate === undefined,
    );
    const trials = attempts === 0 ? "no trial" : `${attempts} trials`;
    return { ok: hops.length === 3, observed: `revision ${kept.revision} is kept, ${trials}; via ${hops.join(", ")}` };
  }

  async #wrong(): Promise<Observation> {
    const start = performance.now();
    let back = "";
    const { drops, mostDown } = await this.#sights.lostDuring(async () => {
      await this.#sights.patchPeer({ peerASN: 65_299 });
      const { refused } = await this.#sights.rolloutIs("who refuses it", (rollout) => rollout.refused !== undefined);
      await this.#sights.allEstablished();
      back = `${refused?.node} took it back, and all sessions were up ${seconds(performance.now() - start)} after the change`;
    });
    await this.#bgp.allNextHops();
    return {
      ok: mostDown === 1 && drops.join() === this.#onlyFirst().join(),
      observed: `${this.#lost(drops)}; ${back}, trials last ${trialMs / 1000} s here`,
    };
  }

  async #told(): Promise<Observation> {
    const events = await this.#sights.events("l3-switch", "RolloutRefused");
    const condition = await this.#sights.condition("l3-switch");
    const table = await this.#cluster.kubectl(["get", "rollouts", "-n", "metallb-system"], this.#signal);
    const said = (text: string) =>
      ["spec.peerASN: 65299 instead of 65210", this.#first, "Bad Peer AS"].every((each) => text.includes(each));
    return {
      ok: events.some(said) && said(condition) && condition.startsWith("Valid=False RolloutRefused"),
      observed: `event and condition: ${events[0] ?? "none"}; kubectl get rollouts: ${table.trim().split("\n").at(-1)}`,
    };
  }

  async #status(): Promise<Observation> {
    const text = await this.#cluster.fairlead(["status"], this.#signal);
    const [line = ""] = text.split("\n");
    const announced = text.includes(this.#cluster.nodes.join(", "));
    return { ok: /is kept.*is refused/.test(line) && announced, observed: line };
  }

  async #restarted(): Promise<Observation> {
    const node = this.#cluster.nodes.at(-1) ?? "";
    await this.#cluster.stopAgent(node);
    await this.#cluster.startAgent(node);
    await this.#sights.allEstablished();
    const hops = await this.#bgp.allNextHops();
    const still = (await this.#sights.rollout())?.refused !== undefined;
    return { ok: still, observed: `${node}: its session is up, via ${hops.join(", ")}, the change still refused` };
  }

  async #mended(): Promise<Observation> {
    const { drops } = await this.#sights.lostDuring(async () => {
      await this.#sights.patchPeer({ peerASN: 65_210 });
      await this.#sights.rolloutIs("that nothing is refused", (rollout) => rollout.refused === undefined);
    });
    return { ok: drops.every((each) => each === 0), observed: this.#lost(drops) };
  }

  async #community(): Promise<Observation> {
    const before = (await this.#sights.rollout())?.kept.revision ?? "";
    const start = performance.now();
    let when: ReadonlyMap<string, number> = new Map();
    let keptMs = Number.NaN;
    const { drops } = await this.#sights.lostDuring(async () => {
      await this.#sights.patchAdvertisement({ communities: ["65211:100"] });
      when = await this.#sights.communityReaches(prefix, "65211:100");
      await this.#sights.keptAfter(before);
      keptMs = performance.now() - start;
    });
    const others = [...when].filter(([node]) => node !== this.#first).map(([, at]) => at);
    const firstMs = when.get(this.#first) ?? Number.POSITIVE_INFINITY;
    const times = [...when].map(([node, at]) => `${node} after ${seconds(at - start)}`);
    return {
      ok: drops.every((each) => each === 0) && others.every((at) => at - firstMs > 500),
      observed: `${times.join(", ")}, kept after ${seconds(keptMs)}, kubectl included; ${this.#lost(drops)}`,
    };
  }

  async #holdTime(): Promise<Observation> {
    const before = (await this.#sights.rollout())?.kept.revision ?? "";
    const start = performance.now();
    let keptMs = Number.NaN;
    const { drops } = await this.#sights.lostDuring(async () => {
      await this.#sights.patchPeer({ holdTime: "30s" });
      await this.#sights.keptAfter(before);
      keptMs = performance.now() - start;
      await this.#sights.allEstablished();
    });
    await this.#bgp.allNextHops();
    return {
      ok: drops.every((each) => each === 1),
      observed: `kept after ${seconds(keptMs)}; ${this.#lost(drops)}`,
    };
  }

  async #migrationBegins(): Promise<Observation> {
    const { drops } = await this.#sights.lostDuring(async () => {
      await this.#sights.patchPeer({ myASN: 65_212 });
      await this.#sights.rolloutIs("who refuses it", (rollout) => rollout.refused !== undefined);
      await this.#sights.allEstablished();
    });
    return { ok: drops.join() === this.#onlyFirst().join(), observed: this.#lost(drops) };
  }

  async #migrationEnds(): Promise<Observation> {
    const before = (await this.#sights.rollout())?.kept.revision ?? "";
    const start = performance.now();
    const neighbours = this.#cluster.nodes.map((node) => addressOn(this.#cluster.lab.host(node), "data"));
    const lines = neighbours.map((neighbour) => ` neighbor ${neighbour} remote-as 65212`);
    await this.#cluster.switch.configure(["router bgp 65210", ...lines], { signal: this.#signal });
    await this.#sights.keptAfter(before);
    const keptMs = performance.now() - start;
    const sessions = await this.#sights.allEstablished();
    await this.#bgp.allNextHops();
    return {
      ok: sessions.every((each) => each.as === 65_212),
      observed: `kept ${seconds(keptMs)} after the switch was changed; ${sessions
        .map(({ node, as }) => `${node} AS ${as}`)
        .join(", ")}`,
    };
  }

  async #count(fromMs: number, toMs: number, monitor: RouteMonitor, client: LoadClient): Promise<void> {
    const events = await monitor.events();
    const routeChangesMs = events.flatMap((event) => (event.prefix === prefix ? [event.atMs] : []));
    const phase = reportPhase({ name: "changes", fromMs, toMs, routeChangesMs }, await client.requests());
    this.#story.phase(phase);
    await this.#step("all this while a client found the Service", () =>
      Promise.resolve({
        ok: phase.sent > 0 && phase.failedOtherwise === 0,
        observed: `${phase.sent} requests, ${phase.failed} failed, of which ${phase.failedOtherwise} were not under way while a route changed`,
      }),
    );
  }

  #onlyFirst(): number[] {
    return this.#cluster.nodes.map((node) => (node === this.#first ? 1 : 0));
  }

  #lost(drops: readonly number[]): string {
    const each = this.#cluster.nodes.map((node, index) => `${node} ${drops[index]}`);
    return `sessions that the switch lost: ${each.join(", ")}`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
