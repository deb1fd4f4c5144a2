// A cluster comes from MetalLB to Fairlead and goes back by `fairlead migrate metallb`, and what clients lose is counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../src/lab/index.ts";
import { address, MovingCluster } from "../moving-cluster.ts";

const workloads = ["get", "-n", "metallb-system", "deployment/controller", "daemonset/speaker"];
const spec = ["-o", "jsonpath={range .items[*]}{.spec}{end}"];

test("a cluster comes from MetalLB and goes back node by node: addresses stay, and only what was under way is lost", async (t) => {
  const moving = await MovingCluster.up();
  const { cluster } = moving;
  try {
    await moving.createService("of-metallb");
    const second = await moving.addressOf("of-metallb");
    const before = await cluster.kubectl([...workloads, ...spec]);

    const look = await cluster.fairlead(["migrate", "metallb"]);
    assert.match(look, /^Services that keep their addresses: 2$/m);
    assert.match(look, /^Services that nobody would announce:\n  default\/of-metallb: no endpoint is ready\n\n/m);
    assert.match(look, /^ {2}3\. On cy01-net112: a router refuses a second session from one address\./m);
    assert.match(look, /^Before .* take these steps:\n  Deployment .* labelled app\.kubernetes\.io\/name=fairlead/m);
    assert.doesNotMatch(look, /change:|Wrong|Not read/);
    await assert.rejects(
      cluster.fairlead(["migrate", "metallb", "--go"]),
      /nothing was moved:\n.* must be one, there is none/,
    );

    await moving.installFairlead();
    assert.doesNotMatch(await cluster.fairlead(["migrate", "metallb"]), /Before/);
    const [first = "", ...others] = cluster.nodes;
    const there = await moving.counted(t, "to Fairlead", async () => {
      // One node to begin with, and the rest when that has proved itself.
      await moving.migrate(t, "--go", "--node", first);
      assert.deepEqual([...(await moving.pods("speaker")).keys()].sort(), others);
      await moving.createService("of-fairlead");
      await moving.addressOf("of-fairlead");
      await moving.interrupted(others[0] ?? "", "none");
      const said = await moving.migrate(t, "--go");
      assert.match(said, new RegExp(`^${others[0]}: MetalLB is gone`, "m"));
      assert.match(said, /^Services that have the addresses that they had: 3 of 3$/m);
    });
    assert.ok(there.nodesAfterEachChange.every((nodes) => nodes.length >= 2));
    assert.deepEqual([...(await moving.pods("node")).keys()].sort(), cluster.nodes);
    assert.equal((await moving.pods("speaker")).size + (await moving.pods("controller")).size, 0);
    // MetalLB's webhook would refuse this: nobody answers it.
    await cluster.kubectl(["annotate", "ipaddresspools", "-n", "metallb-system", "--all", "is=taken"]);

    let speakers = new Map() as ReadonlyMap<string, string>;
    const back = await moving.counted(t, "back to MetalLB", async () => {
      await moving.migrate(t, "--back");
      speakers = await moving.pods("speaker");
      await cluster.kubectl(["rollout", "status", "daemonset/speaker", "-n", "metallb-system", "--timeout=60s"]);
      await moving.createService("of-metallb-again");
      await moving.addressOf("of-metallb-again");
    });
    assert.ok(back.nodesAfterEachChange.every((nodes) => nodes.length >= 2));
    assert.equal(await cluster.kubectl([...workloads, ...spec]), before);
    assert.deepEqual(await moving.pods("speaker"), speakers);
    await assert.rejects(
      cluster.kubectl(["annotate", "ipaddresspools", "-n", "metallb-system", "--all", "is=refused", "--overwrite"]),
      /ipaddresspoolvalidationwebhook/,
    );
    const names = ["ng-svc", "of-metallb", "of-fairlead", "of-metallb-again"];
    const all = await Promise.all(names.map((name) => moving.addressOf(name)));
    assert.deepEqual(all.slice(0, 2), [address, second]);
    assert.equal(new Set(all).size, names.length, all.join());
  } finally {
    await moving.down();
  }
});

test("where the switch knows a second address of each node, whoever comes is there before the other goes", async (t) => {
  const moving = await MovingCluster.up();
  const { cluster } = moving;
  try {
    await cluster.kubectl(["delete", "validatingwebhookconfiguration", "metallb-webhook-configuration"]);
    await moving.useSecondAddresses();
    await moving.installFairlead();
    assert.match(
      await cluster.fairlead(["migrate", "metallb"]),
      /On cy01-net112: the routers know a second address of it/,
    );
    // Both are on the node's network at once, and both would serve their metrics there.
    await assert.rejects(
      cluster.fairlead(["migrate", "metallb", "--go"]),
      /--port is 7472.*set node\.metricsPort=7473/,
    );
    await moving.upgradeFairlead("node.metricsPort=7473");
    // No node has such an address yet: Fairlead cannot begin, and MetalLB goes on.
    const stuck = await cluster.fairlead(["migrate", "metallb", "--go", "--timeout=15"]).then(
      () => "it went on",
      (error: unknown) => String(error),
    );
    t.diagnostic(stuck);
    assert.match(
      stuck,
      /cy01-net112: Fairlead announces: not within 15 s: NodeReport cy01-net112: session with BGPPeer l3-switch is /,
    );
    assert.match(stuck, /no IPv4 address in 10\.10\.2\.0\/28/);
    assert.equal(await moving.waysOfSwitch(), 3);
    assert.match(await cluster.fairlead(["migrate", "metallb"]), /^ {2}cy01-net112: MetalLB and Fairlead announce$/m);
    await moving.giveSecondAddresses();

    const overlapping = async (name: string, way: "--go" | "--back") => {
      const { report, nodesAfterEachChange } = await moving.counted(t, name, async () => {
        await moving.migrate(t, way);
      });
      // All ways lead to the nodes' own addresses, whoever announces them: the switch has nothing to change.
      assert.deepEqual(nodesAfterEachChange, []);
      assert.equal(report.failed, 0);
    };
    await overlapping("to Fairlead", "--go");
    assert.equal((await moving.pods("speaker")).size, 0);
    // Who is on the way may still change the chart's values: the controllers that were started stay.
    await moving.upgradeFairlead("logLevel=debug");
    const replicas = [
      "get",
      "deployment/fairlead-controller",
      "-n",
      "metallb-system",
      "-o",
      "jsonpath={.spec.replicas}",
    ];
    assert.equal(await cluster.kubectl(replicas), "2");
    // An agent that follows another begins the session anew, and this switch keeps no routes meanwhile.
    await cluster.kubectl(["rollout", "status", "daemonset/fairlead-node", "-n", "metallb-system", "--timeout=120s"]);
    await moving.speaksFrom("10.10.2.12", "10.10.2.13", "10.10.2.14");
    await moving.createService("short-lived");
    const freed = await moving.addressOf("short-lived");
    await overlapping("back to MetalLB", "--back");
    assert.equal((await moving.pods("node")).size, 0);
    // What Fairlead has written down is old now: the address is another's.
    await cluster.kubectl(["delete", "service", "short-lived"]);
    await moving.createService("heir");
    assert.equal(await moving.addressOf("heir"), freed);
    await overlapping("to Fairlead again", "--go");
    assert.equal(await moving.addressOf("heir"), freed);

    // To stay.
    const there = ["-n", "metallb-system"];
    await cluster.kubectl(["delete", "deployment/controller", "daemonset/speaker", ...there]);
    await moving.upgradeFairlead("migration.metallb=false", "node.metricsPort=7472");
    await cluster.kubectl(["rollout", "status", "daemonset/fairlead-node", ...there, "--timeout=120s"]);
    await cluster.kubectl(["label", "nodes", "--all", "fairlead.dev/announcer-"]);
    await until("one agent is on each node", async () => (await moving.pods("node")).size === 3);
    assert.equal(await moving.waysOfSwitch(), 3);
    // The second addresses are given up, as any other change of peers.
    const annotations = ["fairlead.dev/source-from-", "fairlead.dev/next-hop-"];
    await cluster.kubectl(["annotate", "bgppeer", "l3-switch", ...there, ...annotations]);
    await moving.speaksFrom("10.10.2.112", "10.10.2.113", "10.10.2.114");
  } finally {
    await moving.down();
  }
});
