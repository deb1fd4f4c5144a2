import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, node, serviceOf, slicesOf, type PodName } from "./cluster.ts";

const all = { a: {}, b: {}, c: {} };
const balanced = "172.19.100.1";
const balanced6 = "fd19::1";
const balancer = { type: "LoadBalancer", externalTrafficPolicy: "Cluster" };
const local = { type: "LoadBalancer", externalTrafficPolicy: "Local" };

describe("the service proxy in the kernel", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.up();
  });
  after(() => cluster.down());

  const set = async (
    endpoints: Partial<Record<PodName, object>>,
    spec: object = {},
    ingress: readonly string[] = [],
    id = 10,
  ): Promise<void> => {
    const service = serviceOf(id, spec, ingress);
    const warnings = await cluster.agent({ do: "set", key: `default/s${id}`, service, slices: slicesOf(endpoints) });
    assert.deepEqual(warnings, []);
  };
  const backends = (answers: readonly string[]) => [...new Set(answers.map((each) => each.split(" ")[0]))].sort();
  const clients = (answers: readonly string[]) => [...new Set(answers.map((each) => each.split(" ")[1]))].sort();

  for (const [family, address, podNet] of [
    ["IPv4", "10.233.0.10", "10.233.64"],
    ["IPv6", "fd00::10", "fd64:64:"],
  ] as const) {
    describe(`a ClusterIP, ${family}`, () => {
      before(() => set(all));

      it("is answered by every endpoint", async () => {
        assert.deepEqual(backends(await cluster.call("a", address, 80, 40)), ["a", "b", "c"]);
      });

      it("shows a pod's own address to other pods, and the node's in place of it to the pod itself", async () => {
        const answers = await cluster.call("a", address, 80, 40);
        const seen = Object.fromEntries(answers.map((each) => each.split(" ")));
        const [pod, bridge] = family === "IPv4" ? [`${podNet}.2`, `${podNet}.1`] : [`${podNet}:2`, `${podNet}:1`];
        assert.deepEqual(seen, { a: bridge, b: pod, c: pod });
      });

      it("is answered on the node itself, and for a client outside, masqueraded", async () => {
        assert.deepEqual(backends(await cluster.call("one", address, 80, 40)), ["a", "b", "c"]);
        const answers = await cluster.call("client", address, 80, 40);
        assert.deepEqual(backends(answers), ["a", "b", "c"]);
        assert.ok(!clients(answers).some((each) => each === "10.10.2.9" || each === "fd10::9"), String(answers));
      });

      it("carries UDP", async () => {
        assert.match(await cluster.send("b", { id: `plain${family}`, address, port: 80 }), /^[abc] /);
      });
    });
  }

  describe("a load balancer's address", () => {
    it("with the policy Cluster reaches every endpoint from outside, masqueraded", async () => {
      await set(all, balancer, [balanced, balanced6]);
      for (const address of [balanced, balanced6]) {
        const answers = await cluster.call("client", address, 80, 40);
        assert.deepEqual(backends(answers), ["a", "b", "c"]);
        assert.ok(!clients(answers).some((each) => each === "10.10.2.9" || each === "fd10::9"), String(answers));
      }
    });

    it("with the policy Local reaches this node's endpoints from outside, and they see the client", async () => {
      await set(all, local, [balanced, balanced6]);
      const answers = await cluster.call("client", balanced, 80, 40);
      assert.deepEqual([backends(answers), clients(answers)], [["a", "b"], ["10.10.2.9"]]);
      const answers6 = await cluster.call("client", balanced6, 80, 40);
      assert.deepEqual([backends(answers6), clients(answers6)], [["a", "b"], ["fd10::9"]]);
    });

    it("with the policy Local reaches every endpoint from pods and from the node", async () => {
      await set(all, local, [balanced, balanced6]);
      for (const address of [balanced, balanced6]) {
        assert.deepEqual(backends(await cluster.call("a", address, 80, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("one", address, 80, 40)), ["a", "b", "c"]);
      }
    });
  });

  describe("node ports, external addresses and source ranges", () => {
    it("a node port with the policy Cluster is answered by every endpoint, of both families", async () => {
      await set(all, { type: "NodePort" });
      for (const address of ["10.10.2.1", "fd10::1"]) {
        assert.deepEqual(backends(await cluster.call("client", address, 30_010, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("c", address, 30_010, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("one", address, 30_010, 40)), ["a", "b", "c"]);
      }
    });

    it("a node port with the policy Local is answered by this node's endpoints, which see the client", async () => {
      await set(all, { type: "NodePort", externalTrafficPolicy: "Local" });
      const answers = await cluster.call("client", "10.10.2.1", 30_010, 40);
      assert.deepEqual([backends(answers), clients(answers)], [["a", "b"], ["10.10.2.9"]]);
      // A pod on the other node: its packets arrive by the node's address, and so must the answers leave.
      assert.deepEqual(backends(await cluster.call("c", "10.10.2.1", 30_010, 40)), ["a", "b", "c"]);
    });

    it("a node port is not open on other addresses of the node", async () => {
      await set(all, { type: "NodePort" });
      assert.deepEqual(await cluster.call("a", "10.233.64.1", 30_010), ["ECONNREFUSED"]);
    });

    it("an external address is answered", async () => {
      await set(all, { externalIPs: ["192.0.2.7"] });
      assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 40)), ["a", "b", "c"]);
    });

    it("a load balancer's address drops who is not in the source ranges, also where they name none of a family", async () => {
      for (const externalTrafficPolicy of ["Cluster", "Local"]) {
        const ranged = (...ranges: string[]) =>
          set(all, { type: "LoadBalancer", externalTrafficPolicy, loadBalancerSourceRanges: ranges }, [
            balanced,
            balanced6,
          ]);
        await ranged("10.10.0.0/16", "10.10.2.0/24", "192.0.2.1/32");
        assert.match((await cluster.call("client", balanced, 80))[0] ?? "", /^[abc] /);
        assert.deepEqual(await cluster.call("client", balanced6, 80), ["timeout"]);
        await ranged("10.11.0.0/16", "fd10::/64");
        assert.deepEqual(await cluster.call("client", balanced, 80), ["timeout"]);
        assert.match((await cluster.call("client", balanced6, 80))[0] ?? "", /^[abc] /);
        // They are the load balancer's; the cluster's own address is not closed by them.
        assert.match((await cluster.call("b", "10.233.0.10", 80))[0] ?? "", /^[abc] /);
      }
    });
  });

  describe("endpoints that come, go and end", () => {
    it("a service without endpoints refuses TCP and UDP on all its addresses", async () => {
      await set({}, local, [balanced, balanced6]);
      for (const address of [balanced, balanced6, "10.233.0.10", "fd00::10"]) {
        assert.deepEqual(await cluster.call("client", address, 80), ["ECONNREFUSED"]);
      }
      for (const host of ["a", "one"]) assert.deepEqual(await cluster.call(host, "10.233.0.10", 80), ["ECONNREFUSED"]);
      assert.deepEqual(await cluster.call("client", "10.10.2.1", 30_010), ["ECONNREFUSED"]);
      for (const address of ["10.233.0.10", "fd00::10"]) {
        assert.equal(await cluster.send("a", { id: `refused ${address}`, address, port: 80 }), "ECONNREFUSED");
      }
    });

    it("with the policy Local and endpoints only elsewhere, packets from outside are dropped, others served", async () => {
      await set({ c: {} }, local, [balanced, balanced6]);
      for (const address of [balanced, balanced6]) {
        assert.deepEqual(await cluster.call("client", address, 80), ["timeout"]);
        assert.deepEqual(backends(await cluster.call("a", address, 80)), ["c"]);
        assert.deepEqual(backends(await cluster.call("one", address, 80)), ["c"]);
      }
      await set({ c: {} }, { internalTrafficPolicy: "Local" });
      assert.deepEqual(await cluster.call("a", "10.233.0.10", 80), ["timeout"]);
    });

    it("endpoints that terminate but serve are used when nothing else is ready, for Local on this node alone", async () => {
      const ending = { ready: false, serving: true, terminating: true };
      await set({ a: ending, b: ending, c: {} }, local, [balanced]);
      assert.deepEqual(backends(await cluster.call("client", balanced, 80, 40)), ["a", "b"]);
      assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 20)), ["c"]);
      await set({ a: ending, b: { ready: false, serving: false, terminating: true } }, local, [balanced]);
      assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 20)), ["a"]);
    });

    it("endpoints on a node that is not ready, or reported dead, are left out at once", async () => {
      await set(all);
      const nodes = (ready: string, dead: readonly string[]) =>
        cluster.agent({ do: "nodes", nodes: [node("one", 1), node("two", 2, ready)], dead });
      await nodes("Unknown", []);
      assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b"]);
      await nodes("True", []);
      assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b", "c"]);
      await nodes("True", ["two"]);
      assert.deepEqual(backends(await cluster.call("a", "10.233.0.10", 80, 40)), ["a", "b"]);
      await nodes("True", []);
    });

    it("a connection that runs stays with its endpoint whatever changes around it", async () => {
      await set({ a: {} });
      const connection = { id: "running", address: "10.233.0.10", port: 80 };
      const first = await cluster.say("client", connection);
      await set({ b: {}, c: {} });
      assert.deepEqual(await cluster.say("client", connection), first);
      assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 20)), ["b", "c"]);
      await set({});
      assert.deepEqual(await cluster.say("client", connection), first);
      await cluster.start();
      assert.deepEqual(await cluster.say("client", connection), first);
    });

    it("a UDP client whose endpoint goes is sent to another, and one from before the first endpoint to that", async () => {
      for (const [id, address] of [
        ["udp4", "10.233.0.10"],
        ["udp6", "fd00::10"],
      ] as const) {
        const flow = { id, address, port: 80 };
        await set({ a: {} });
        assert.match(await cluster.send("client", flow), /^a /);
        await set({ a: {}, b: {} });
        assert.match(await cluster.send("client", flow), /^a /);
        await set({ b: {} });
        assert.match(await cluster.send("client", flow), /^b /);
        await set({ b: { ready: false, serving: true, terminating: true }, c: {} });
        assert.match(await cluster.send("client", flow), /^b /, "its endpoint still serves");
        await set({ c: {} });
        assert.match(await cluster.send("client", flow), /^c /);
      }
      // Nobody's yet: the packets go on untranslated, and their flow is held as such.
      const early = { id: "early", address: "10.233.0.77", port: 80 };
      assert.equal(await cluster.send("client", early), "timeout");
      await set({ a: {} }, {}, [], 77);
      assert.match(await cluster.send("client", early), /^a /);
      await cluster.agent({ do: "set", key: "default/s77", slices: [] });
    });
  });

  describe("client affinity", () => {
    const sticky = (timeoutSeconds: number) => ({
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds } },
    });

    for (const [policy, address] of [
      ["Cluster", balanced],
      ["Local", balanced],
      ["Cluster", balanced6],
      ["Local", balanced6],
    ] as const) {
      it(`keeps clients of ${address} with the policy ${policy} where they are`, async () => {
        await set(all, { ...balancer, externalTrafficPolicy: policy, ...sticky(60) }, [balanced, balanced6]);
        for (const host of ["client", "a", "b", "one"]) {
          const answers = await cluster.call(host, address, 80, 25);
          assert.equal(backends(answers).length, 1, `${host}: ${String(answers)}`);
        }
      });
    }

    it("ends after the time since the client's last packet, also that of a connection that runs", async () => {
      await set(all, sticky(2));
      const running = { id: "sticky", address: "10.233.0.10", port: 80 };
      const [backend] = (await cluster.say("client", running)).split(" ");
      // Far longer than the time, with a packet now and then on the one connection and no new one.
      for (let packet = 0; packet < 8; packet++) {
        await sleep(500);
        await cluster.say("client", running);
      }
      assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [backend]);
      assert.equal(clientsRemembered(), 1);
      for (let waited = 0; clientsRemembered() > 0; waited++) {
        assert.ok(waited < 100, "nobody is forgotten");
        await sleep(100);
      }
      // Back after the time, the connection makes its endpoint the client's again.
      await cluster.say("client", running);
      assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [backend]);
    });

    it("forgets an endpoint that goes, and nothing else", async () => {
      await set(all, sticky(60));
      const [first] = backends(await cluster.call("client", "10.233.0.10", 80));
      const left = (["a", "b", "c"] as const).filter((each) => each !== first);
      await set(Object.fromEntries(left.map((each) => [each, {}])), sticky(60));
      const second = backends(await cluster.call("client", "10.233.0.10", 80, 25));
      assert.equal(second.length, 1);
      assert.ok(second[0] !== first);
      await set(all, sticky(60));
      assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), second);
    });

    it("outlives the proxy", async () => {
      await set(all, sticky(60));
      const [first] = backends(await cluster.call("client", "10.233.0.10", 80));
      await cluster.start();
      assert.deepEqual(backends(await cluster.call("client", "10.233.0.10", 80, 25)), [first]);
    });

    const clientsRemembered = () =>
      cluster.net
        .run("one", "nft", "list", "table", "inet", "fairlead-proxy")
        .split("\n")
        .filter((line) => line.includes("10.10.2.9 expires")).length;
  });

  describe("the table", () => {
    const foreign = "table inet somebody";

    it("of somebody else is left alone", async () => {
      const text = `${foreign} { map m { type ipv4_addr : verdict; }; chain c { counter drop; }; }`;
      cluster.net.run("one", "nft", text);
      const before = cluster.net.run("one", "nft", "list", "table", "inet", "somebody");
      await set(all, balancer, [balanced]);
      await cluster.start();
      await cluster.agent({ do: "set", key: "default/s10", slices: [] });
      assert.equal(cluster.net.run("one", "nft", "list", "table", "inet", "somebody"), before);
    });

    it("is made anew when somebody removed or emptied it", async () => {
      await set(all, balancer, [balanced]);
      assert.deepEqual(await cluster.agent({ do: "verify" }), [], "nothing is wrong");
      for (const harm of [
        "flush ruleset",
        "flush table inet fairlead-proxy",
        "flush map inet fairlead-proxy services4",
        "delete element inet fairlead-proxy endpoints4-tcp { 10.233.0.10 . tcp . 80 . 1 }",
      ]) {
        cluster.net.run("one", "nft", harm);
        const [warning = ""] = await cluster.agent({ do: "verify" });
        assert.match(warning, /the table is not as it was left/, harm);
        assert.deepEqual(await cluster.agent({ do: "verify" }), [], harm);
        assert.deepEqual(backends(await cluster.call("client", balanced, 80, 40)), ["a", "b", "c"], harm);
      }
    });

    it("is made anew when a change finds it gone", async () => {
      await set(all);
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
    for (let change = 0; change < 120; change++) {
      const endpoints = Object.fromEntries(
        ["a", "b", "c"].flatMap((pod) => (choose(true, false) ? [[pod, conditions()]] : [])),
      );
      await set(
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
    await set({ a: {} }, claimed, [], 11);
    await set({ b: {} }, claimed, [], 10);
    assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 5)), ["b"]);
    await cluster.agent({ do: "set", key: "default/s10", slices: [] });
    assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 5)), ["a"]);
    await cluster.agent({ do: "set", key: "default/s11", slices: [] });
  });

  it("tells a load balancer's health check of ready endpoints on this node", async () => {
    const checked = { ...local, healthCheckNodePort: 31_999 };
    const ask = () => cluster.host<[number, unknown]>("client", { do: "get", url: "http://10.10.2.1:31999/healthz" });
    const said = (localEndpoints: number) => ({
      service: { namespace: "default", name: "s10" },
      localEndpoints,
      serviceProxyHealthy: true,
    });
    await set(all, checked, [balanced]);
    assert.deepEqual(await ask(), [200, said(2)]);
    await set({ a: { ready: false, serving: true, terminating: true }, c: {} }, checked, [balanced]);
    assert.deepEqual(await ask(), [503, said(0)]);
    await set(all, { ...checked, externalTrafficPolicy: "Cluster" }, [balanced]);
    await assert.rejects(ask());
  });

  it("where bridges pass connection tracking by, pods on one node reach each other all the same", async () => {
    await set(all);
    for (const name of ["iptables", "ip6tables"]) cluster.net.sysctl("one", `net.bridge.bridge-nf-call-${name}`, "0");
    assert.match((await cluster.agent({ do: "verify" }))[0] ?? "", /bridges are tracked otherwise/);
    for (const address of ["10.233.0.10", "fd00::10"]) {
      assert.deepEqual(backends(await cluster.call("a", address, 80, 40)), ["a", "b", "c"]);
    }
  });
});
