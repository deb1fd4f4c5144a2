import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Cluster, backends, serviceOf, slicesOf, all, balanced, balanced6, balancer } from "./cluster.ts";

describe("the proxy's table", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.up();
  });
  after(() => cluster.down());

  const foreign = "table inet somebody";

  it("of somebody else is left alone", async () => {
    const text = `${foreign} { map m { type ipv4_addr : verdict; }; chain c { counter drop; }; }`;
    cluster.net.run("one", "nft", text);
    const before = cluster.net.run("one", "nft", "list", "table", "inet", "somebody");
    await cluster.set(all, balancer, [balanced]);
    await cluster.start();
    await cluster.agent({ do: "set", key: "default/s10", slices: [] });
    assert.equal(cluster.net.run("one", "nft", "list", "table", "inet", "somebody"), before);
  });

  it("is made anew when somebody removed or emptied it", async () => {
    await cluster.set(all, balancer, [balanced]);
    assert.deepEqual(await cluster.agent({ do: "verify" }), [], "nothing is wrong");
    for (const harm of [
      "flush ruleset",
      "flush table inet fairlead-proxy",
      "flush map inet fairlead-proxy services4",
      "delete element inet fairlead-proxy endpoints4-tcp { 10.233.0.10 . tcp . 80 . 1 }",
    ]) {
      cluster.net.run("one", "nft", harm);
      const [warning = ""] = await cluster.agent({ do: "verify" });
      assert.match(warning, /the table is not as it should be/, harm);
      assert.deepEqual(await cluster.agent({ do: "verify" }), [], harm);
      assert.deepEqual(backends(await cluster.call("client", balanced, 80, 40)), ["a", "b", "c"], harm);
    }
  });

  it("is looked after without being asked", async () => {
    await cluster.set({ a: {} });
    await cluster.start(50);
    cluster.net.run("one", "nft", "flush", "ruleset");
    for (let tried = 0; (await cluster.call("client", "10.233.0.10", 80))[0]?.startsWith("a ") !== true; tried++) {
      assert.ok(tried < 50, "it stays away");
    }
    await cluster.start();
  });

  it("is made anew when a change finds it gone", async () => {
    await cluster.set(all);
    cluster.net.run("one", "nft", "flush", "ruleset");
    const service = serviceOf(10);
    const [warning = ""] = await cluster.agent({
      do: "set",
      key: "default/s10",
      service,
      slices: slicesOf({ a: {}, b: {} }),
    });
    assert.match(warning, /a change was refused/);
    assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 20)), ["a", "b"]);
  });

  it("after any changes the table is what it would be had it been made at once", async () => {
    // A fixed sequence of choices (a linear congruential generator), so that a failure comes again.
    let state = 1;
    const choose = <Choice>(...choices: Choice[]): Choice => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return choices[Math.floor((state / 2 ** 31) * choices.length)] as Choice;
    };
    const conditions = () =>
      choose<object>({}, {}, { ready: false }, { ready: false, serving: true, terminating: true });
    for (let change = 0; change < 60; change++) {
      const endpoints = Object.fromEntries(
        ["a", "b", "c"].flatMap((pod) => (choose(true, false) ? [[pod, conditions()]] : [])),
      );
      await cluster.set(
        endpoints,
        {
          type: choose("ClusterIP", "NodePort", "LoadBalancer"),
          externalTrafficPolicy: choose("Cluster", "Local"),
          internalTrafficPolicy: choose("Cluster", "Local"),
          sessionAffinity: choose("None", "ClientIP"),
          loadBalancerSourceRanges: choose<string[]>([], ["10.0.0.0/8"], ["fd10::/64", "10.0.0.0/9"]),
          externalIPs: choose<string[]>([], ["192.0.2.7"]),
        },
        choose<string[]>([], [balanced], [balanced, balanced6]),
        choose(20, 21, 22),
      );
      assert.deepEqual(await cluster.agent({ do: "verify" }), []);
    }
    for (const id of [20, 21, 22]) await cluster.agent({ do: "set", key: `default/s${id}`, slices: [] });
    assert.deepEqual(await cluster.agent({ do: "verify" }), []);
  });

  it("two services that claim one address take turns: the older has it, then the other", async () => {
    const claimed = { externalIPs: ["192.0.2.7"] };
    await cluster.set({ a: {} }, claimed, [], 11);
    await cluster.set({ b: {} }, claimed, [], 10);
    assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 5)), ["b"]);
    await cluster.agent({ do: "set", key: "default/s10", slices: [] });
    assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 5)), ["a"]);
    await cluster.agent({ do: "set", key: "default/s11", slices: [] });
  });
});
