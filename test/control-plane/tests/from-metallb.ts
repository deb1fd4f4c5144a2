// A cluster comes from MetalLB to Fairlead and goes back, node by node, and what clients lose is counted.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { metallbPrograms } from "../../../setup/metallb.ts";
import { pathsTo } from "../../../src/lab/bgp/switch-view.ts";
import type { HostProcess } from "../../../src/lab/host-process.ts";
import { BgpCluster, manifest, until } from "../../../src/lab/index.ts";
import { LoadClient } from "../../../src/lab/load/load-client.ts";
import { reportPhase } from "../../../src/lab/load/phase.ts";
import { RouteMonitor } from "../../../src/lab/route-monitor.ts";
import { addressOn } from "../../../src/lab/topology.ts";

const address = "172.19.100.1";
const prefix = `${address}/32`;

/** Real MetalLB in the lab: its controller, and a speaker on each node. */
class Metallb {
  readonly #cluster: BgpCluster;
  readonly #programs = metallbPrograms();
  readonly #speakers = new Map<string, HostProcess>();
  #controller: HostProcess | undefined;

  constructor(cluster: BgpCluster) {
    this.#cluster = cluster;
  }

  async startController(): Promise<void> {
    const argv = [this.#programs.controller, "--webhook-mode=disabled", "--disable-cert-rotation"];
    this.#controller = await this.#cluster.lab.run("api", { name: "metallb-controller", argv, env: this.#env });
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop(10_000);
  }

  async startSpeaker(node: string): Promise<void> {
    const argv = [this.#programs.speaker, `--node-name=${node}`];
    this.#speakers.set(node, await this.#cluster.lab.run(node, { name: "metallb-speaker", argv, env: this.#env }));
  }

  async stopSpeaker(node: string): Promise<void> {
    await this.#speakers.get(node)?.stop(10_000);
  }

  get #env() {
    return { KUBECONFIG: this.#cluster.kubeconfig, METALLB_NAMESPACE: "metallb-system" };
  }
}

async function announcedBy(cluster: BgpCluster, nodes: readonly string[]): Promise<void> {
  const meant = nodes.map((node) => addressOn(cluster.lab.host(node), "data")).sort();
  await until(`the switch has ways to ${address} by ${meant.join(", ") || "nobody"}`, async () => {
    const hops = (await pathsTo(cluster.switch, prefix)).map(({ nextHop }) => nextHop).sort();
    return hops.join() === meant.join();
  });
}

async function addressOf(cluster: BgpCluster, name: string): Promise<string> {
  return until(`${name} has an address`, async () => {
    const path = "{.status.loadBalancer.ingress[0].ip}";
    return (await cluster.kubectl(["get", "service", name, "-o", `jsonpath=${path}`])).trim() || undefined;
  });
}

async function createService(cluster: BgpCluster, name: string): Promise<void> {
  await cluster.kubectl(["create", "service", "loadbalancer", name, "--tcp=80:80"]);
}

test("a cluster comes from MetalLB and goes back node by node: addresses stay, and only what was under way is lost", async (t) => {
  const cluster = await BgpCluster.up({ api: "kubernetes", proxy: "kube-proxy", withoutFairlead: true });
  try {
    const metallb = new Metallb(cluster);
    await cluster.kubectl(["apply", "-f", join(import.meta.dirname, "../metallb.yaml")]);
    await cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    await metallb.startController();
    for (const node of cluster.nodes) await metallb.startSpeaker(node);
    await cluster.kubectl(["apply", "-f", manifest("resources"), "-f", manifest("workload")]);
    await announcedBy(cluster, cluster.nodes);
    assert.equal(await addressOf(cluster, "ng-svc"), address);
    await createService(cluster, "of-metallb");
    const second = await addressOf(cluster, "of-metallb");
    const look = await cluster.fairlead(["migrate", "metallb"]);
    assert.match(look, /^Services that keep their addresses: 2$/m);
    assert.match(look, /^Services that nobody would announce:\n  default\/of-metallb: no endpoint is ready\n\n/m);
    assert.doesNotMatch(look, /change:|Wrong|Not read/);

    const monitor = await RouteMonitor.start(cluster.lab, "switch");
    const client = await LoadClient.start(cluster.lab, "client", { address, port: 80, rate: 120, timeoutMs: 300 });
    const count = async (name: string, live: () => Promise<void>) => {
      const fromMs = Date.now();
      await live();
      await delay(2_000);
      const toMs = Date.now();
      const routeChangesMs = (await monitor.events()).flatMap((each) => (each.prefix === prefix ? [each.atMs] : []));
      const report = reportPhase({ name, fromMs, toMs, routeChangesMs }, await client.requests());
      t.diagnostic(
        `${name}: ${report.sent} requests sent, ${report.failed} failed, ${report.failedOtherwise} not under way`,
      );
      assert.ok(report.sent > 0);
      assert.equal(report.failedOtherwise, 0, JSON.stringify(report.otherErrors));
      assert.deepEqual([await addressOf(cluster, "ng-svc"), await addressOf(cluster, "of-metallb")], [address, second]);
    };

    await count("to Fairlead", async () => {
      // The controller first, so that there are never two who give addresses.
      await metallb.stopController();
      await cluster.startController();
      await createService(cluster, "of-fairlead");
      const third = await addressOf(cluster, "of-fairlead");
      assert.ok(third !== address && third !== second);
      for (const node of cluster.nodes) {
        // The switch refuses a second session from one address: MetalLB withdraws first.
        await metallb.stopSpeaker(node);
        await announcedBy(
          cluster,
          cluster.nodes.filter((each) => each !== node),
        );
        await cluster.startAgent(node);
        await announcedBy(cluster, cluster.nodes);
      }
    });
    await count("back to MetalLB", async () => {
      await cluster.stopController();
      await metallb.startController();
      await createService(cluster, "of-metallb-again");
      await addressOf(cluster, "of-metallb-again");
      for (const node of cluster.nodes) {
        await cluster.stopAgent(node);
        await announcedBy(
          cluster,
          cluster.nodes.filter((each) => each !== node),
        );
        await metallb.startSpeaker(node);
        await announcedBy(cluster, cluster.nodes);
      }
    });
    const names = ["ng-svc", "of-metallb", "of-fairlead", "of-metallb-again"];
    const all = await Promise.all(names.map((name) => addressOf(cluster, name)));
    assert.equal(new Set(all).size, names.length, all.join());
  } finally {
    await cluster.lab.down();
  }
});
