// Processes that start before what they need is there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "../../src/kubernetes/resources/index.ts";
import { node, Stage } from "./stage.ts";

test("both processes wait for an API server that cannot be reached yet, say so, and then work", async () => {
  await using stage = await Stage.start();
  await stage.addNode();
  await stage.configure();
  await stage.addService("ng-svc");
  await stage.stopApi();
  const controller = stage.controller();
  const agent = stage.node();
  await controller.says(/127\.0\.0\.1:6443 cannot be reached/);
  await agent.says(/127\.0\.0\.1:6443 cannot be reached/);
  await stage.startApi();
  await stage.hasRoute("172.19.100.1");
});

test("an agent waits for its Node, and for the Node's address, and says for what", async () => {
  await using stage = await Stage.start();
  await stage.configure();
  await stage.addService("ng-svc");
  stage.controller();
  const agent = stage.node();
  await agent.says(/Node cy01-net112: there is none of this name/);
  await stage.client.create(Node, { metadata: { name: node } });
  await agent.says(/Node cy01-net112: status\.addresses: has no InternalIP/);
  const end = agent.send("SIGTERM");
  assert.equal((await end).status, 0);
  stage.node();
  await stage.setNodeAddress();
  await stage.hasRoute("172.19.100.1");
});
