import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FrrSwitch } from "./frr-switch.ts";
import { Lab } from "./lab.ts";
import { LoadClient } from "./load/load-client.ts";
import { reportPhase } from "./load/phase.ts";
import { programArgv } from "./program.ts";
import { RouteMonitor } from "./route-monitor.ts";
import { bgpSwitch, bgpTopology } from "./topology-bgp.ts";
import { addressOn, hostsOf } from "./topology.ts";
import { until } from "./until.ts";

const skip = process.getuid?.() === 0 ? false : "network namespaces take root";
const service = "172.19.100.1";
const nodes = hostsOf(bgpTopology, "node");

async function withLab(run: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await Lab.up(bgpTopology);
  try {
    await run(lab);
  } finally {
    await lab.down();
  }
}

test("the switch knows its three neighbours and waits for them", { skip }, async () => {
  await withLab(async (lab) => {
    const frr = await FrrSwitch.start(lab, "switch", bgpSwitch);
    const summary = (await frr.show("bgp ipv4 unicast summary")) as {
      readonly as: number;
      readonly routerId: string;
      readonly peers: Record<string, { readonly remoteAs: number; readonly state: string }>;
    };
    assert.equal(summary.as, 65210);
    assert.equal(summary.routerId, "1.1.1.1");
    assert.deepEqual(Object.keys(summary.peers), ["10.10.2.112", "10.10.2.113", "10.10.2.114"]);
    for (const peer of Object.values(summary.peers)) assert.equal(peer.remoteAs, 65211);
    assert.deepEqual(await frr.show("ip route bgp"), {});
    await assert.rejects(frr.configure(["router bgp 65210", "no such command"]), { code: "lab.command" });
  });
});

test(
  "the client sees a black-holed node as failed requests until the switch's route is another",
  { skip },
  async () => {
    await withLab(async (lab) => {
      for (const node of nodes) {
        await lab.exec(node.name, ["ip", "address", "add", `${service}/32`, "dev", "lo"]);
        await lab.run(node.name, { name: "web", argv: programArgv("pod-server", { name: node.name, port: "80" }) });
      }
      const monitor = await RouteMonitor.start(lab, "switch");
      const route = async (hosts: typeof nodes) => {
        const hops = hosts.flatMap((host) => ["nexthop", "via", addressOn(host, "data")]);
        await lab.exec("switch", ["ip", "route", "replace", service, ...hops]);
      };
      await route(nodes);
      for (const node of nodes) {
        const curl = ["curl", "--silent", "--max-time", "1", `http://${addressOn(node, "data")}/`];
        await until(`${node.name} answers`, async () => lab.exec("client", curl).catch(() => undefined));
      }

      const client = await LoadClient.start(lab, "client", { address: service, port: 80, rate: 120, timeoutMs: 300 });
      await until("the client was answered by all", async () => {
        const report = reportPhase(
          { name: "start", fromMs: 0, toMs: Infinity, routeChangesMs: [] },
          await client.requests(),
        );
        return Object.keys(report.answers).length === 3;
      });
      const steadyMs = Date.now();
      await delay(2000);
      const faultAtMs = Date.now();
      await lab.blackhole("cy01-net113", "data");
      await delay(1000);
      await route(nodes.filter((node) => node.name !== "cy01-net113"));
      await delay(1000);
      await client.stop();
      const endMs = Date.now();

      const changes = (await monitor.events()).filter((event) => event.prefix === `${service}/32`);
      assert.deepEqual(
        changes.map((change) => change.nextHops),
        [
          ["10.10.2.112", "10.10.2.113", "10.10.2.114"],
          ["10.10.2.112", "10.10.2.114"],
        ],
      );
      const changedMs = changes[1]?.atMs ?? 0;
      const requests = await client.requests();
      const steady = reportPhase(
        { name: "steady", fromMs: steadyMs, toMs: faultAtMs - 300, routeChangesMs: [] },
        requests,
      );
      const dead = reportPhase(
        { name: "dead", fromMs: faultAtMs, toMs: endMs, faultAtMs, routeChangesMs: [changedMs] },
        requests,
      );
      const after = reportPhase({ name: "after", fromMs: changedMs, toMs: endMs, routeChangesMs: [] }, requests);

      assert.equal(steady.failed, 0);
      assert.ok(steady.sent > 0 && Object.keys(steady.answers).length === 3, JSON.stringify(steady));
      assert.ok(dead.failed > 0, JSON.stringify(dead));
      assert.ok(dead.lossWindowMs > 0 && dead.lossWindowMs <= changedMs - faultAtMs, JSON.stringify(dead));
      assert.ok(dead.underWay > 0, JSON.stringify(dead));
      assert.equal(after.failed, 0);
      assert.deepEqual(Object.keys(after.answers), ["cy01-net112", "cy01-net114"]);
    });
  },
);
