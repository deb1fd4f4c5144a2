import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Cluster, serviceOf, slicesOf, type PodName } from "./cluster.ts";

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
});
