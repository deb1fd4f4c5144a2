import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { metallbPrograms } from "../../setup/metallb.ts";
import { version } from "../../src/cli/version.ts";
import { pathsTo } from "../../src/lab/bgp/switch-view.ts";
import { fairlead } from "../../src/lab/commands.ts";
import { BgpCluster, manifest, until } from "../../src/lab/index.ts";
import { LoadClient } from "../../src/lab/load/load-client.ts";
import { reportPhase, type PhaseReport } from "../../src/lab/load/phase.ts";
import { RouteMonitor, type RouteEvent } from "../../src/lab/route-monitor.ts";
import { addressOn } from "../../src/lab/topology.ts";
import { chart, helmProgram } from "../chart/helm.ts";

export const address = "172.19.100.1";
const prefix = `${address}/32`;
const namespace = "metallb-system";

interface Counted {
  readonly report: PhaseReport;
  /** The nodes that the switch had a way by, after each change. */
  readonly nodesAfterEachChange: readonly (readonly string[])[];
}

/**
 * A cluster on Kubernetes' own control plane with MetalLB as its manifests install it: its Deployment and its DaemonSet
 * are followed by kube-controller-manager and kube-scheduler, and their pods are MetalLB's processes.
 */
export class MovingCluster {
  readonly cluster: BgpCluster;
  readonly #monitor: RouteMonitor;
  readonly #client: LoadClient;

  static async up(): Promise<MovingCluster> {
    const { controller, speaker } = metallbPrograms();
    const programs = {
      "quay.io/metallb/controller:v0.13.12": [controller],
      "quay.io/metallb/speaker:v0.13.12": [speaker],
      [`fairlead:${version()}`]: fairlead(),
    };
    const cluster = await BgpCluster.up({ api: "kubernetes", proxy: "kube-proxy", withoutFairlead: true, programs });
    try {
      // All that the lab's control plane knows of Fairlead: MetalLB's own kinds stay.
      const ours = ["addressblocks", "nodereports", "rollouts"].map((each) => `${each}.fairlead.dev`);
      await cluster.kubectl(["delete", "crd", ...ours]);
      const here = (name: string) => join(import.meta.dirname, name);
      await cluster.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged"]);
      await cluster.kubectl(["apply", "-f", here("metallb.yaml"), "-f", manifest("resources")]);
      await cluster.kubectl(["apply", "-f", manifest("workload"), "-f", here("metallb-workloads.yaml")]);
      const origin = ["annotate", "bgppeer", "l3-switch", "-n", namespace, "fairlead.dev/origin=igp"];
      await cluster.kubectl(origin);
      const monitor = await RouteMonitor.start(cluster.lab, "switch");
      await announced(cluster, 3);
      // Short of the second after which TCP would try again, so that nothing that is lost is hidden; and long, for here
      // everything of a cluster runs on one machine.
      const load = { address, port: 80, rate: 120, timeoutMs: 900 };
      const client = await LoadClient.start(cluster.lab, "client", load);
      return new MovingCluster(cluster, monitor, client);
    } catch (error) {
      await cluster.lab.down();
      throw error;
    }
  }

  private constructor(cluster: BgpCluster, monitor: RouteMonitor, client: LoadClient) {
    this.cluster = cluster;
    this.#monitor = monitor;
    this.#client = client;
  }

  async down(): Promise<void> {
    await this.cluster.lab.down();
  }

  /** As the how-to has it. */
  async installFairlead(): Promise<void> {
    const values = ["migration.metallb=true", "crds.metallb=false"].map((each) => `--set=${each}`);
    await this.#helm("install", chart, ...values);
  }

  async upgradeFairlead(...values: readonly string[]): Promise<void> {
    await this.#helm("upgrade", chart, "--reuse-values", ...values.map((each) => `--set=${each}`));
  }

  async #helm(verb: string, ...args: readonly string[]): Promise<void> {
    const access = ["--namespace", namespace, `--kubeconfig=${this.cluster.kubeconfig}`];
    await this.cluster.lab.exec("api", [helmProgram, verb, "fairlead", ...args, ...access]);
  }

  /** Runs the command, and says in the test's diagnostics what it said. */
  async migrate(t: TestContext, ...args: readonly string[]): Promise<string> {
    const said = await this.cluster.fairlead(["migrate", "metallb", ...args]);
    for (const line of said.trimEnd().split("\n")) t.diagnostic(`| ${line}`);
    return said;
  }

  /** The command is gone, without a word, while a node is on its way. */
  async interrupted(node: string, where: "none" | "both"): Promise<void> {
    const { lab, kubeconfig } = this.cluster;
    const argv = fairlead("migrate", "metallb", "--go", "--kubeconfig", kubeconfig);
    const command = await lab.run("api", { name: "migrate", argv });
    const label = ["get", "node", node, "-o", "jsonpath={.metadata.labels['fairlead\\.dev/announcer']}"];
    const isThere = async () => (await this.cluster.kubectl(label)).trim() === where;
    await until(`${node} is on its way, see ${command.logFile}`, isThere, { timeoutMs: 60_000 });
    await command.kill();
  }

  /** What clients and the switch see while something is done, and a little longer. */
  async counted(t: TestContext, name: string, live: () => Promise<void>): Promise<Counted> {
    const fromMs = Date.now();
    await live();
    await announced(this.cluster, 3);
    const toMs = Date.now();
    const changes = (await this.#monitor.events()).filter((each) => each.prefix === prefix && each.atMs >= fromMs);
    const phase = { name, fromMs, toMs, routeChangesMs: changes.map(({ atMs }) => atMs) };
    const requests = await this.#client.requests();
    const report = reportPhase(phase, requests);
    const when = [
      ...changes.map(({ atMs, change, nextHops }) => ({ atMs, what: `${change} via ${nextHops.join(", ")}` })),
      ...requests.flatMap(({ startMs, port, outcome }) =>
        startMs < fromMs || outcome.ok ? [] : [{ atMs: startMs, what: `${outcome.error} from port ${port}` }],
      ),
    ].sort((a, b) => a.atMs - b.atMs);
    for (const { atMs, what } of when) t.diagnostic(`${((atMs - fromMs) / 1000).toFixed(3)} s: ${what}`);
    const { sent, failed, failedOtherwise, underWay } = report;
    const counts = [`${sent} requests sent`, `${failed} failed`, `${failedOtherwise} of them not under way`];
    t.diagnostic(
      `${name}: ${counts.join(", ")}; ${underWay} under way at one of ${changes.length} changes of the route`,
    );
    assert.ok(sent > 0);
    assert.equal(failedOtherwise, 0, JSON.stringify(report.otherErrors));
    return { report, nodesAfterEachChange: changes.map((each) => this.#nodesOf(each)) };
  }

  async createService(name: string): Promise<void> {
    await this.cluster.kubectl(["create", "service", "loadbalancer", name, "--tcp=80:80"]);
  }

  async addressOf(name: string): Promise<string> {
    return until(`${name} has an address`, async () => {
      const path = "jsonpath={.status.loadBalancer.ingress[0].ip}";
      return (await this.cluster.kubectl(["get", "service", name, "-o", path])).trim() || undefined;
    });
  }

  /** UIDs of pods of a component, by node. */
  async pods(component: string): Promise<ReadonlyMap<string, string>> {
    const selector = component === "node" ? "app.kubernetes.io/component=node" : `component=${component}`;
    const path = "jsonpath={range .items[*]}{.spec.nodeName} {.metadata.uid}{'\\n'}{end}";
    const said = await this.cluster.kubectl(["get", "pods", "-n", namespace, "-l", selector, "-o", path]);
    return new Map(
      said
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ") as [string, string]),
    );
  }

  /** The switch knows second addresses of the nodes, and Fairlead is to speak from them, as the how-to has it. */
  async useSecondAddresses(): Promise<void> {
    const neighbours = ["neighbor fairlead peer-group", "neighbor fairlead remote-as 65211"];
    const range = "bgp listen range 10.10.2.0/28 peer-group fairlead";
    const paths = ["address-family ipv4 unicast", "maximum-paths 4"];
    await this.cluster.switch.configure(["router bgp 65210", ...neighbours, range, ...paths]);
    const how = ["fairlead.dev/source-from=10.10.2.0/28", "fairlead.dev/next-hop=node"];
    await this.cluster.kubectl(["annotate", "bgppeer", "l3-switch", "-n", namespace, ...how]);
  }

  async giveSecondAddresses(): Promise<void> {
    for (const node of this.cluster.nodes) {
      const add = ["ip", "address", "add", `${secondAddress(this.cluster, node)}/24`, "dev", "eth0"];
      await this.cluster.lab.exec(node, add);
    }
  }

  /** Resolves when the switch has sessions with these addresses, and with no others. */
  async speaksFrom(...addresses: readonly string[]): Promise<void> {
    await until(
      `the switch has sessions with ${addresses.join(", ")}`,
      async () => {
        const said = (await this.cluster.switch.show("bgp neighbors")) as Record<
          string,
          { readonly bgpState?: string }
        >;
        const up = Object.entries(said).flatMap(([each, { bgpState }]) => (bgpState === "Established" ? [each] : []));
        return up.sort().join() === addresses.join();
      },
      { timeoutMs: 120_000, everyMs: 200 },
    );
  }

  async waysOfSwitch(): Promise<number> {
    return (await pathsTo(this.cluster.switch, prefix)).length;
  }

  #nodesOf({ change, nextHops }: RouteEvent): readonly string[] {
    const { nodes, lab } = this.cluster;
    if (change === "deleted") return [];
    const addressesOf = (node: string) => [addressOn(lab.host(node), "data"), secondAddress(this.cluster, node)];
    return nodes.filter((node) => addressesOf(node).some((each) => nextHops.includes(each)));
  }
}

/** 10.10.2.12 for 10.10.2.112. */
function secondAddress(cluster: BgpCluster, node: string): string {
  return addressOn(cluster.lab.host(node), "data").replace(/\.1(\d\d)$/, ".$1");
}

async function announced(cluster: BgpCluster, count: number): Promise<void> {
  const ask = async () => (await pathsTo(cluster.switch, prefix)).length === count;
  await until(`the switch has ${count} ways to ${address}`, ask, { timeoutMs: 60_000 });
}
