import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Cluster, backends, clients, all, balanced, balanced6, balancer, local } from "./cluster.ts";

describe("the addresses of a service", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.up();
  });
  after(() => cluster.down());

  for (const [family, address, podNet] of [
    ["IPv4", "10.233.0.10", "10.233.64"],
    ["IPv6", "fd00::10", "fd64:64:"],
  ] as const) {
    describe(`a ClusterIP, ${family}`, () => {
      before(() => cluster.set(all));

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
      await cluster.set(all, balancer, [balanced, balanced6]);
      for (const address of [balanced, balanced6]) {
        const answers = await cluster.call("client", address, 80, 40);
        assert.deepEqual(backends(answers), ["a", "b", "c"]);
        assert.ok(!clients(answers).some((each) => each === "10.10.2.9" || each === "fd10::9"), String(answers));
      }
    });

    it("with the policy Local reaches this node's endpoints from outside, and they see the client", async () => {
      await cluster.set(all, local, [balanced, balanced6]);
      const answers = await cluster.call("client", balanced, 80, 40);
      assert.deepEqual([backends(answers), clients(answers)], [["a", "b"], ["10.10.2.9"]]);
      const answers6 = await cluster.call("client", balanced6, 80, 40);
      assert.deepEqual([backends(answers6), clients(answers6)], [["a", "b"], ["fd10::9"]]);
    });

    it("with the policy Local reaches every endpoint from pods and from the node", async () => {
      await cluster.set(all, local, [balanced, balanced6]);
      for (const address of [balanced, balanced6]) {
        assert.deepEqual(backends(await cluster.call("a", address, 80, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("one", address, 80, 40)), ["a", "b", "c"]);
      }
    });
  });

  describe("node ports, external addresses and source ranges", () => {
    it("a node port with the policy Cluster is answered by every endpoint, of both families", async () => {
      await cluster.set(all, { type: "NodePort" });
      for (const address of ["10.10.2.1", "fd10::1"]) {
        assert.deepEqual(backends(await cluster.call("client", address, 30_010, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("c", address, 30_010, 40)), ["a", "b", "c"]);
        assert.deepEqual(backends(await cluster.call("one", address, 30_010, 40)), ["a", "b", "c"]);
      }
    });

    it("a node port with the policy Local is answered by this node's endpoints, which see the client", async () => {
      await cluster.set(all, { type: "NodePort", externalTrafficPolicy: "Local" });
      const answers = await cluster.call("client", "10.10.2.1", 30_010, 40);
      assert.deepEqual([backends(answers), clients(answers)], [["a", "b"], ["10.10.2.9"]]);
      // A pod on the other node: its packets arrive by the node's address, and so must the answers leave.
      assert.deepEqual(backends(await cluster.call("c", "10.10.2.1", 30_010, 40)), ["a", "b", "c"]);
    });

    it("a node port is not open on other addresses of the node", async () => {
      await cluster.set(all, { type: "NodePort" });
      assert.deepEqual(await cluster.call("a", "10.233.64.1", 30_010), ["ECONNREFUSED"]);
    });

    it("an external address is answered", async () => {
      await cluster.set(all, { externalIPs: ["192.0.2.7"] });
      assert.deepEqual(backends(await cluster.call("client", "192.0.2.7", 80, 40)), ["a", "b", "c"]);
    });

    it("a load balancer's address drops who is not in the source ranges, also where they name none of a family", async () => {
      for (const externalTrafficPolicy of ["Cluster", "Local"]) {
        const ranged = (...ranges: string[]) =>
          cluster.set(all, { type: "LoadBalancer", externalTrafficPolicy, loadBalancerSourceRanges: ranges }, [
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
});
