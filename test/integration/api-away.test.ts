// The API server goes away, and comes back without the history that the watches stood in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { BGPAdvertisement, IPAddressPool, Service } from "../../src/kubernetes/resources/index.ts";
import { namespace, Stage } from "./stage.ts";

/** Long enough for every watch to have noticed and tried several times. */
const awayMs = 3_000;

test("while the API server is away routes stay; back without its history, all catches up", async () => {
  await using stage = await Stage.running();
  await stage.addService("goes");
  await stage.addService("moves");
  await stage.hasRoute("172.19.100.2");
  await stage.hasRoute("172.19.100.3");
  const controller = stage.controllerProcess;
  // Just before: whether the watches still hear of it or not, it must not be lost.
  const before = Promise.all([stage.addService("just-before"), stage.removeService("goes")]);
  await before;
  await stage.stopApi();

  await wait(awayMs);
  assert.ok((await stage.routes()).includes("172.19.100.1"));
  assert.ok(controller.running && stage.agent.running);
  assert.equal(await stage.switchState(), "Established");

  // What others did before our processes come back; and what they could have watched it by is forgotten.
  await stage.startApi();
  await stage.addService("new");
  await stage.client.patch(
    Service,
    { namespace: "default", name: "moves" },
    { type: "merge", body: { spec: { loadBalancerIP: "172.19.100.50" } } },
  );
  stage.api.compact();

  await stage.hasNoRoute("172.19.100.3");
  await stage.hasRoute("172.19.100.50");
  await stage.servedAll(["ng-svc", "moves", "just-before", "new"]);
  assert.equal((await stage.routes()).length, 4);
  assert.ok(controller.running && stage.agent.running);
  assert.equal(await stage.timesEstablished(), 1, "the session has not noticed anything");
  assert.equal(await stage.addressOf("ng-svc"), "172.19.100.1");
  await controller.says(/API server/);
  await stage.agent.says(/API server/);
});

test("a configuration that was deleted meanwhile is out of force when the API server is back", async () => {
  await using stage = await Stage.running();
  await stage.stopApi();
  await stage.agent.says(/cannot be watched/);
  await stage.startApi();
  await stage.client.delete(BGPAdvertisement, { namespace, name: "default" });
  stage.api.compact();
  await stage.hasNoRoute("172.19.100.1");
  await stage.client.create(BGPAdvertisement, { metadata: { namespace, name: "default" }, spec: {} });
  await stage.hasRoute("172.19.100.1");
  await stage.isValid(IPAddressPool, "default", "True");
});

test("SIGTERM on the agent while the API server is away withdraws all the same, and ends soon with status 0", async () => {
  await using stage = await Stage.running();
  await stage.stopApi();
  const ended = stage.agent.send("SIGTERM");
  await stage.hasNoRoute("172.19.100.1");
  const end = await ended;
  assert.equal(end.status, 0, end.stdout + end.stderr);
  const controller = await stage.controllerProcess.send("SIGTERM");
  assert.equal(controller.status, 0, controller.stdout + controller.stderr);
});
