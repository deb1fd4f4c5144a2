// Processes that end: in good order, and by kill -9.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressBlock, Lease, Node, NodeReport } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, node, nodeAddress, Stage } from "./stage.ts";

test("SIGTERM on the agent: it withdraws, and only then leaves by Cease/Administrative Shutdown, with status 0", async () => {
  await using stage = await Stage.running("--drain-ms", "1500");
  const ended = stage.agent.send("SIGTERM");
  await stage.hasNoRoute("172.19.100.1");
  assert.equal(
    await stage.switchState(),
    "Established",
    "the route has gone by a withdrawal, for the session is there",
  );
  const end = await ended;
  assert.equal(end.status, 0, end.stdout + end.stderr);
  await until("the session is over", async () => (await stage.switchState()) !== "Established");
  assert.match(await stage.frr.vtysh(`show bgp neighbors ${nodeAddress}`), /Cease\/Administrative Shutdown/);
  assert.notEqual((await stage.session("l3-switch"))?.state, "Established", "the last report says so, too");
});

test("SIGTERM on the controller ends it with status 0, and the next one leads at once", async () => {
  await using stage = await Stage.running();
  const end = await stage.controllerProcess.send("SIGTERM");
  assert.equal(end.status, 0, end.stdout + end.stderr);
  stage.controller();
  await stage.addService("next");
  await stage.hasRoute("172.19.100.2");
});

test("after kill -9 of the controller every Service keeps its address", async () => {
  await using stage = await Stage.running();
  await stage.addService("b");
  await stage.addService("c", { loadBalancerIP: "172.19.100.99" });
  await stage.hasRoute("172.19.100.2");
  await stage.hasRoute("172.19.100.99");
  // A hole: who is given an address anew would get this one, and the controller reserves it.
  await stage.removeService("ng-svc");
  await stage.hasNoRoute("172.19.100.1");
  await until("the hole is reserved", async () => {
    const { items } = await stage.client.list(AddressBlock);
    return items.some(({ spec }) => spec.owned.some((line) => /^172\.19\.100\.1 - .* reserved /.test(line)));
  });
  await stage.controllerProcess.send("SIGKILL");
  // The lease would expire in 5 s.
  await stage.client.delete(Lease, { namespace, name: "fairlead-controller" });
  stage.controller();
  await stage.addService("d");
  await stage.hasAddress("d", "172.19.100.3");
  assert.deepEqual(await Promise.all(["b", "c"].map((name) => stage.addressOf(name))), [
    "172.19.100.2",
    "172.19.100.99",
  ]);
  assert.deepEqual(await stage.warnings(), []);
});

test("after kill -9 of the agent the next one takes over, and the switch has the route again", async () => {
  await using stage = await Stage.running();
  await stage.agent.send("SIGKILL");
  await stage.hasNoRoute("172.19.100.1");
  stage.node();
  await stage.hasRoute("172.19.100.1");
});

test("a Node that is deleted takes its agent's report along, and one that comes back has one again", async () => {
  await using stage = await Stage.running();
  const owner = async () => {
    const report = await stage.client.find(NodeReport, { name: node });
    return report?.metadata.ownerReferences?.[0]?.uid;
  };
  const isOwned = async () => {
    const { uid } = (await stage.client.get(Node, { name: node })).metadata;
    return (await owner()) === uid;
  };
  await until("the report is the Node's", isOwned);
  await stage.client.delete(Node, { name: node });
  await until("it is gone", async () => (await stage.client.find(NodeReport, { name: node })) === undefined);
  await stage.addNode();
  await until("the new Node has one", isOwned);
  assert.equal((await stage.session("l3-switch"))?.state, "Established");
});

test("SIGTERM ends both processes with status 0 also while they wait for the API server", async () => {
  await using stage = await Stage.start();
  await stage.stopApi();
  for (const process of [stage.node(), stage.controller()]) {
    await process.says(/API server/);
    const end = await process.send("SIGTERM");
    assert.equal(end.status, 0, end.stdout + end.stderr);
  }
});
