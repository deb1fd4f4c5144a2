import { setTimeout as delay } from "node:timers/promises";
import type { BfdTimes } from "../frr-switch.ts";
import { LabError } from "../lab-error.ts";
import { lossTable, type Loss } from "../load/loss-table.ts";
import { LoadClient } from "../load/load-client.ts";
import { reportPhase, type PhaseReport } from "../load/phase.ts";
import { RouteMonitor } from "../route-monitor.ts";
import { Story, type Audience, type Observation, type StoryReport } from "../story.ts";
import { addressOn } from "../topology.ts";
import { until } from "../until.ts";
import { BgpCluster, manifest, type ClusterChoices } from "./bgp-cluster.ts";
import { BgpSights } from "./bgp-sights.ts";
import { lastNotificationOf } from "./switch-view.ts";
import { watchPaths } from "./watch-paths.ts";

export interface LossWindowsOptions extends ClusterChoices {
  /** In how many ways nodes are watched, one lab after the other; undefined: not at all. */
  readonly detections: readonly (BfdTimes | undefined)[];
  /** How often a node dies in each. */
  readonly faults: number;
}

/** The workload's pods behind two Services, so that one fault is measured for both policies at once. */
const services = [
  { name: "ng-svc", externalTrafficPolicy: "Cluster", address: "172.19.100.1" },
  { name: "ng-svc-local", externalTrafficPolicy: "Local", address: "172.19.100.2" },
] as const;
type Service = (typeof services)[number];

/** What the death of a node came to for the clients of one Service. */
interface Died {
  readonly service: Service;
  readonly report: PhaseReport;
  /** From the fault to the first change of the switch's route. */
  readonly routeMovedMs: number;
}

/** Below this nothing is said of a loss window of 150 ms: requests to the dead node come every 25 ms. */
const rate = 120;
const timeoutMs = 300;
/** From the black hole to the power failure of the node that dies. */
const blackholeMs = 1_000;
/** How long nothing may fail before the next fault, and after the dead node is known to be dead. */
const calmMs = 1_500;

/** Measures what the death of a node costs clients: a lab for each way in which nodes are watched, one after the other. */
export async function tellLossWindows(
  audience: Audience,
  { detections, faults, ...choices }: LossWindowsOptions,
  signal: AbortSignal,
): Promise<StoryReport> {
  const story = new Story("loss-windows", audience);
  const losses: Loss[] = [];
  for (const detection of detections) {
    audience.began(`a lab is built: ${nameOf(detection)}`);
    const cluster = await BgpCluster.up({ ...choices, signal, bfd: detection });
    try {
      losses.push(...(await new Dying(cluster, story, detection, signal).live(faults)));
    } finally {
      await cluster.lab.down();
    }
  }
  return { ...story.report(), lossWindows: lossTable(losses) };
}

/** Nodes that die one after the other in one lab, while clients of both Services go on asking. */
class Dying {
  readonly #cluster: BgpCluster;
  readonly #story: Story;
  readonly #detection: BfdTimes | undefined;
  readonly #signal: AbortSignal;
  readonly #asked: readonly { readonly service: Service; readonly sights: BgpSights }[];

  constructor(cluster: BgpCluster, story: Story, detection: BfdTimes | undefined, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#story = story;
    this.#detection = detection;
    this.#signal = signal;
    this.#asked = services.map((service) => ({ service, sights: new BgpSights(cluster, service.address, signal) }));
  }

  async live(faults: number): Promise<Loss[]> {
    const { lab } = this.#cluster;
    await this.#configure();
    const monitor = await RouteMonitor.start(lab, "switch", this.#signal);
    const clients = new Map<Service, LoadClient>();
    for (const { service, sights } of this.#asked) {
      await sights.allNextHops();
      clients.set(
        service,
        await LoadClient.start(lab, "client", { address: service.address, port: 80, rate, timeoutMs }),
      );
    }
    const losses: Loss[] = [];
    for (let fault = 0; fault < faults; fault++) {
      const node = this.#cluster.nodes[fault % this.#cluster.nodes.length] ?? "";
      await this.#step("all is well", () => this.#allIsWell(clients));
      await this.#step(`${node} dies, ${fault + 1} of ${faults}`, async () => {
        const phases = await this.#die(node, monitor, clients);
        losses.push(...phases.map((died) => this.#lossOf(died)));
        return { ok: phases.every(({ report }) => report.sent > 0), observed: phases.map(told).join("; ") };
      });
      await this.#step("that is how the switch knew", () => this.#causeOf(node));
      await this.#step(`${node} is back`, async () => {
        await this.#cluster.boot(node, this.#signal);
        return { ok: true, observed: "its kubelet and its agent run again" };
      });
    }
    for (const client of clients.values()) await client.stop();
    await monitor.stop();
    return losses;
  }

  #step(name: string, see: () => Promise<Observation>): Promise<void> {
    return this.#story.step(`${nameOf(this.#detection)}: ${name}`, see, this.#signal);
  }

  async #configure(): Promise<void> {
    const cluster = this.#cluster;
    await cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")], this.#signal);
    await cluster.kubectl(["apply", "-f", manifest("workload-local")], this.#signal);
    if (this.#detection !== undefined) await watchPaths(cluster, this.#detection, this.#signal);
  }

  /** Every path, session and pod is as before the fault, and no request has failed for a while. */
  async #allIsWell(clients: ReadonlyMap<Service, LoadClient>): Promise<Observation> {
    for (const { sights } of this.#asked) await sights.allNextHops();
    if (this.#detection !== undefined) {
      const [one] = this.#asked;
      await one?.sights.bfdSessions();
      // It is for Fairlead's proxy that the nodes watch each other.
      if (this.#cluster.proxy === "fairlead") await one?.sights.nodesInSight();
    }
    const fromMs = Date.now();
    let last = "";
    const isCalm = async () => {
      const sinceMs = Math.max(fromMs, Date.now() - calmMs - timeoutMs);
      const recent = await Promise.all(
        [...clients.values()].map(async (client) =>
          (await client.requests()).filter(({ startMs }) => startMs >= sinceMs),
        ),
      );
      const failed = recent.flat().flatMap(({ outcome }) => (outcome.ok ? [] : [outcome.error]));
      const met = [...new Set(failed)].join(", ");
      last = `of the last ${recent.map(({ length }) => length).join(" and ")} requests ${failed.length} failed ${met}`;
      const enough = (rate * calmMs) / 1_000 / 2;
      return failed.length === 0 && recent.every(({ length }) => length > enough);
    };
    try {
      await until("nothing fails any more", isCalm, { signal: this.#signal, everyMs: 200 });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return { ok: false, observed: `${error.message}; ${last}` };
    }
    return { ok: true, observed: "all paths and sessions are there, and all requests are answered" };
  }

  /** The node is cut off without a word, and a moment later its power fails; ends when everybody knows. */
  async #die(node: string, monitor: RouteMonitor, clients: ReadonlyMap<Service, LoadClient>): Promise<Died[]> {
    const { lab, nodes } = this.#cluster;
    const faultAtMs = Date.now();
    await lab.blackhole(node, "data");
    await delay(blackholeMs, undefined, { signal: this.#signal });
    await this.#cluster.kill(node);
    const others = nodes.filter((each) => each !== node);
    for (const { sights } of this.#asked) {
      await sights.nextHopsBecome(others.map((each) => sights.addressOf(each)));
      await sights.knownDead(node);
    }
    await delay(calmMs, undefined, { signal: this.#signal });
    const toMs = Date.now();
    // What was sent last is decided, and written to the file.
    await delay(2 * timeoutMs, undefined, { signal: this.#signal });
    const events = await monitor.events();
    return Promise.all(
      [...clients].map(async ([service, client]): Promise<Died> => {
        const routeChangesMs = events.flatMap(({ prefix, atMs }) =>
          prefix === `${service.address}/32` && atMs >= faultAtMs ? [atMs] : [],
        );
        const name = `${nameOf(this.#detection)}, ${service.externalTrafficPolicy}: ${node} dies`;
        const phase = { name, fromMs: faultAtMs, toMs, faultAtMs, routeChangesMs };
        const report = reportPhase(phase, await client.requests());
        this.#story.phase(report);
        const routeMovedMs = Math.round((routeChangesMs[0] ?? Number.NaN) - faultAtMs);
        return { service, report, routeMovedMs };
      }),
    );
  }

  /** The route moved because this detection ended the session, and not by another way. */
  async #causeOf(node: string): Promise<Observation> {
    const address = addressOn(this.#cluster.lab.host(node), "data");
    const cause = await lastNotificationOf(this.#cluster.switch, address);
    const expected = this.#detection === undefined ? "Hold Timer Expired" : "Cease/BFD Down";
    return { ok: cause === expected, observed: `show bgp neighbors ${address}: last NOTIFICATION: ${cause}` };
  }

  #lossOf({ service: { externalTrafficPolicy }, report: { lossWindowMs, sent, failed } }: Died): Loss {
    const detection = nameOf(this.#detection);
    const { proxy } = this.#cluster;
    return { detection, externalTrafficPolicy, proxy, windowMs: lossWindowMs, sent, failed };
  }
}

function nameOf(detection: BfdTimes | undefined): string {
  return detection === undefined ? "without BFD" : `${detection.intervalMs} ms x ${detection.multiplier}`;
}

function told({ service: { externalTrafficPolicy }, report, routeMovedMs }: Died): string {
  const { sent, failed, lossWindowMs } = report;
  return `${externalTrafficPolicy}: ${failed} of ${sent} lost, within ${Math.round(lossWindowMs)} ms; route moved after ${routeMovedMs} ms`;
}
