import { patience } from "../patience.ts";
import { LoadClient } from "../load/load-client.ts";
import { reportPhase } from "../load/phase.ts";
import type { BfdTimes } from "../frr-switch.ts";
import { RouteMonitor } from "../route-monitor.ts";
import type { Audience, Observation, Story, StoryReport } from "../story.ts";
import { manifest, type BgpCluster, type BgpClusterOptions, type ClusterChoices } from "./bgp-cluster.ts";
import { BgpPhases, type LivedPhase } from "./bgp-phases.ts";
import { BgpSights } from "./bgp-sights.ts";
import { tellOnCluster } from "./tell-on-cluster.ts";
import { watchPaths } from "./watch-paths.ts";

/** The two ways in which the scenario is configured: today's resources, and MetalLB's old ConfigMap. */
const ways = ["resources", "legacy-configmap"] as const;
type Way = (typeof ways)[number];

const address = "172.19.100.1";
/** A client that asks as often as usual would take all that an emulated processor has. */
const load = { address, port: 80, rate: Math.max(4, 120 / patience ** 2), timeoutMs: Math.min(900, 300 * patience) };

/**
 * Tells the scenario `bgp`, once for each way to configure it, on a lab that is built for it and removed after it. With
 * `bfd` the resources ask for it too; the old ConfigMap, which cannot, is told beside them without.
 */
export async function tellBgpStory(
  audience: Audience,
  signal: AbortSignal,
  options: ClusterChoices & Pick<BgpClusterOptions, "bfd"> = {},
): Promise<StoryReport> {
  return tellOnCluster("bgp", audience, { ...options, signal }, async (cluster, story) => {
    for (const way of ways)
      await new Telling(cluster, story, way, signal, way === "resources" ? options.bfd : undefined).tell();
  });
}

/** One telling of the scenario: configured, seen, lived through, counted, and taken away again. */
class Telling {
  readonly #cluster: BgpCluster;
  readonly #story: Story;
  readonly #way: Way;
  readonly #signal: AbortSignal;
  readonly #sights: BgpSights;

  readonly #bfd: BfdTimes | undefined;

  constructor(cluster: BgpCluster, story: Story, way: Way, signal: AbortSignal, bfd: BfdTimes | undefined) {
    this.#bfd = bfd;
    this.#cluster = cluster;
    this.#story = story;
    this.#way = way;
    this.#signal = signal;
    this.#sights = new BgpSights(cluster, address, signal);
  }

  async tell(): Promise<void> {
    const monitor = await RouteMonitor.start(this.#cluster.lab, "switch", this.#signal);
    const client = await LoadClient.start(this.#cluster.lab, "client", load);
    const createdMs = await this.#configure();
    if (this.#bfd !== undefined) await this.#watchPaths(this.#bfd);
    await this.#see();
    await this.#step("Service created, route on the switch, first answer", () =>
      firstAnswer(createdMs, monitor, client),
    );
    const step = (name: string, see: () => Promise<Observation>) => this.#step(name, see);
    const phases = await new BgpPhases(this.#cluster, this.#sights, monitor, step, this.#signal).live();
    await client.stop();
    await this.#count(phases, monitor, client);
    await monitor.stop();
    await this.#step("taken away again", () => this.#clear());
  }

  #step(name: string, see: () => Promise<Observation>): Promise<void> {
    return this.#story.step(`${this.#way}: ${name}`, see, this.#signal);
  }

  /** Applies configuration and workload; resolves with the moment at which the Service was asked for. */
  async #configure(): Promise<number> {
    let createdMs = Number.NaN;
    await this.#step("configured with kubectl apply", async () => {
      const configured = await this.#cluster.kubectl(["apply", "-f", manifest(this.#way)], this.#signal);
      await this.#sights.sessions();
      createdMs = Date.now();
      const created = await this.#cluster.kubectl(["apply", "-f", manifest("workload")], this.#signal);
      return { ok: true, observed: `${configured}${created}`.trim().replaceAll("\n", ", ") };
    });
    return createdMs;
  }

  #watchPaths(times: BfdTimes): Promise<void> {
    return this.#step(`BFD at ${times.intervalMs} ms x ${times.multiplier} with the switch`, async () => {
      await watchPaths(this.#cluster, times, this.#signal);
      return { ok: true, observed: await this.#sights.bfdSessions() };
    });
  }

  async #see(): Promise<void> {
    const sights = this.#sights;
    await this.#step(`1. the Service gets ${address}`, () => sights.serviceAddress());
    await this.#step("2. the switch has three sessions, one prefix each", () => sights.sessionsWithPrefix());
    await this.#step("3. three paths in the switch's table, three next hops in its routes", () => sights.paths());
    await this.#step("4. curl is answered by different pods", () => sights.podNames());
    await this.#step(`5. ${sights.whatRulesSay}`, () => sights.nodeRules());
    await this.#step("fairlead explain: the address, the announcers, and why", () => sights.explanation());
  }

  /** What the client lost in each phase; only where a node died may it have lost what was not under way. */
  async #count(phases: readonly LivedPhase[], monitor: RouteMonitor, client: LoadClient): Promise<void> {
    const requests = await client.requests();
    const routeChangesMs = (await monitor.events()).flatMap((event) =>
      event.prefix === `${address}/32` ? [event.atMs] : [],
    );
    for (const phase of phases) {
      const report = reportPhase({ ...phase, name: `${this.#way}: ${phase.name}`, routeChangesMs }, requests);
      this.#story.phase(report);
      if (phase.name === "dead") continue;
      await this.#step(`${phase.name}: nothing fails but what was under way`, () =>
        Promise.resolve({
          ok: report.sent > 0 && report.failedOtherwise === 0,
          observed: `${report.sent} requests sent, ${report.failed} failed, of which ${report.failedOtherwise} were not under way${listed(report.otherErrors)}`,
        }),
      );
    }
  }

  async #clear(): Promise<Observation> {
    await this.#cluster.kubectl(["delete", "-f", manifest("workload")], this.#signal);
    await this.#cluster.kubectl(["delete", "-f", manifest(this.#way)], this.#signal);
    const profile = ["bfdprofile", "lab", "-n", "metallb-system"];
    await this.#cluster.kubectl(["delete", ...profile, "--ignore-not-found"], this.#signal);
    await this.#sights.isRouteGone();
    // What is seen next is to be of endpoints and sessions of its own.
    await this.#sights.areEndpointsGone();
    await this.#sights.areSessionsGone();
    await this.#sights.areChangesKept();
    return { ok: true, observed: "the switch has neither a route to the address nor a session any more" };
  }
}

async function firstAnswer(createdMs: number, monitor: RouteMonitor, client: LoadClient): Promise<Observation> {
  const routed = (await monitor.events()).find((event) => event.prefix === `${address}/32` && event.atMs > createdMs);
  const answered = (await client.requests()).find((request) => request.outcome.ok && request.endMs > createdMs);
  const after = (moment: number | undefined) =>
    moment === undefined ? "never" : `after ${Math.round(moment - createdMs)} ms`;
  return {
    ok: routed !== undefined && answered !== undefined,
    observed: `route ${after(routed?.atMs)}, answer ${after(answered?.endMs)}, the start of kubectl and of the pods included`,
  };
}

function listed(errors: Readonly<Record<string, number>>): string {
  const entries = Object.entries(errors).map(([error, times]) => `${times} × ${error}`);
  return entries.length === 0 ? "" : `: ${entries.join(", ")}`;
}
