// The DaemonSet of the chart updates its agents, on Kubernetes' own control plane: its controller makes and removes pods.
import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { version } from "../../../src/cli/version.ts";
import { pathsTo } from "../../../src/lab/bgp/switch-view.ts";
import { fairlead } from "../../../src/lab/commands.ts";
import { BgpCluster, manifest, until } from "../../../src/lab/index.ts";
import { LoadClient } from "../../../src/lab/load/load-client.ts";
import { RouteMonitor } from "../../../src/lab/route-monitor.ts";
import { chart, helmProgram } from "../../chart/helm.ts";

const address = "172.19.100.1";
const prefix = `${address}/32`;
const namespace = ["-n", "metallb-system"];
const agents = "daemonset/fairlead-node";

let cluster: BgpCluster;
let monitor: RouteMonitor;
let client: LoadClient;

before(async () => {
  const programs = { [`fairlead:${version()}`]: fairlead() };
  const options = { api: "kubernetes", proxy: "kube-proxy", withoutFairlead: true, gracefulRestart: true } as const;
  cluster = await BgpCluster.up({ ...options, programs });
  await cluster.kubectl(["label", "namespace", "metallb-system", "pod-security.kubernetes.io/enforce=privileged"]);
  const files = ["-f", manifest("resources-graceful-restart"), "-f", manifest("workload")];
  await cluster.kubectl(["apply", ...files]);
  await helm("install", "--set=crds.install=false");
  await until("the switch has a way by each node", async () => (await ways()) === 3, { timeoutMs: 60_000 });
  await rolledOut();
  monitor = await RouteMonitor.start(cluster.lab, "switch");
  client = await LoadClient.start(cluster.lab, "client", { address, port: 80, rate: 120, timeoutMs: 900 });
});

after(async () => {
  await cluster?.lab.down();
});

async function helm(verb: string, ...values: readonly string[]): Promise<void> {
  const access = [...namespace, `--kubeconfig=${cluster.kubeconfig}`];
  await cluster.lab.exec("api", [helmProgram, verb, "fairlead", chart, ...values, ...access]);
}

async function ways(): Promise<number> {
  return (await pathsTo(cluster.switch, prefix)).length;
}

async function rolledOut(): Promise<void> {
  await cluster.kubectl(["rollout", "status", agents, ...namespace, "--timeout=120s"]);
}

/** UIDs, with whether Kubernetes calls them ready. */
async function pods(): Promise<ReadonlyMap<string, string>> {
  const path = `jsonpath={range .items[*]}{.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}`;
  const selector = ["-l", "app.kubernetes.io/component=node"];
  const said = await cluster.kubectl(["get", "pods", ...selector, ...namespace, "-o", path]);
  return new Map(
    said
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}

/** When those that are to go are gone: an update counts as done before. */
function threePods(): Promise<ReadonlyMap<string, string>> {
  return until("there are three pods", async () => {
    const all = await pods();
    return all.size === 3 ? all : undefined;
  });
}

/** No route goes meanwhile, and no request fails. */
async function withoutLoss(t: TestContext, live: () => Promise<void>): Promise<void> {
  const fromMs = Date.now();
  await live();
  const changes = (await monitor.events()).filter((each) => each.prefix === prefix && each.atMs >= fromMs);
  const requests = (await client.requests()).filter(({ startMs }) => startMs >= fromMs);
  const failed = requests.flatMap(({ outcome }) => (outcome.ok ? [] : [outcome.error]));
  t.diagnostic(`${requests.length} requests, ${failed.length} failed; ${changes.length} changes of the route`);
  assert.ok(requests.length > 0);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    changes.filter(({ change, nextHops }) => change === "deleted" || nextHops.length < 3),
    [],
  );
}

const updates = {
  "the chart's values change": () => helm("upgrade", "--set=crds.install=false", "--set=logLevel=debug"),
  "a restart is asked for": () => cluster.kubectl(["rollout", "restart", agents, ...namespace]),
};

for (const [why, update] of Object.entries(updates)) {
  test(`agents are updated one after the other, and nothing is lost: ${why}`, (t) =>
    withoutLoss(t, async () => {
      const old = await pods();
      await update();
      await rolledOut();
      const now = await threePods();
      assert.deepEqual(
        [...now.keys()].filter((each) => old.has(each)),
        [],
      );
    }));
}

test("an update whose agents cannot do their work stops at its first node, and is taken back without loss", (t) =>
  withoutLoss(t, async () => {
    const old = await pods();
    const nobody = "KUBERNETES_SERVICE_HOST=192.0.2.1";
    await cluster.kubectl(["set", "env", agents, nobody, ...namespace]);
    await until("an agent of the update runs", async () => (await pods()).size === 4);
    const timeout = cluster.kubectl(["rollout", "status", agents, ...namespace, "--timeout=15s"]);
    await assert.rejects(timeout, /timed out waiting for the condition/);
    const stopped = await pods();
    assert.deepEqual(
      [...stopped].filter(([uid]) => old.has(uid)),
      [...old],
    );
    assert.deepEqual(
      [...stopped].flatMap(([uid, ready]) => (old.has(uid) ? [] : [ready])),
      ["False"],
    );
    await cluster.kubectl(["rollout", "undo", agents, ...namespace]);
    await rolledOut();
    assert.deepEqual(await threePods(), old);
  }));
