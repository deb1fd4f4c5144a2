// Changes that are tried on a node, for real: FRR, the API server, controller and agent. What several nodes do together
// is told by the lab (test/scenarios/rollout.test.ts).
import assert from "node:assert/strict";
import { test } from "node:test";
import { BGPAdvertisement, BGPPeer, Rollout } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, Stage } from "./stage.ts";

/** A stage whose session is known to the controller: from then on there is something at stake. */
async function running(trialMs: number): Promise<Stage> {
  const stage = await Stage.running("--trial-ms", String(trialMs));
  await stage.sessionIs("l3-switch", /^Established$/);
  return stage;
}

async function isRefused(stage: Stage): Promise<void> {
  await until("the change is refused", async () => (await stage.rollout())?.refused !== undefined);
}

async function isKeptAgain(stage: Stage, before: string): Promise<void> {
  await until("the change is kept", async () => {
    const { kept, candidate, refused } = (await stage.rollout()) ?? {};
    return kept?.revision !== before && candidate === undefined && refused === undefined;
  });
}

test("a change that ends the session is taken back while the API server is away, and told when it is there again", async () => {
  await using stage = await running(5_000);
  await stage.setPeer("l3-switch", { peerASN: 65299 });
  await until("the session ends", async () => (await stage.switchState()) !== "Established");
  await stage.stopApi();
  await until("the session is there again", async () => (await stage.switchState()) === "Established");
  await stage.hasRoute("172.19.100.1");
  await stage.startApi();
  const said =
    /spec\.peerASN: 65299 instead of 65210: node cy01-net112 tried it and took it back: .* with l3-switch was lost/;
  await isRefused(stage);
  await stage.isValid(BGPPeer, "l3-switch", "False", said);
  await stage.hasEvent({ kind: "BGPPeer", name: "l3-switch" }, "RolloutRefused", said);
  const status = await stage.look("status");
  assert.match(status, /^Configuration: revision \w+ is kept; revision \w+ is refused: node cy01-net112/);
  assert.match(status, said);
  assert.match(status, /ng-svc +172\.19\.100\.1 +default +cy01-net112/);
  const explained = await stage.look("explain", "service", "default/ng-svc");
  assert.match(explained, /it uses revision \w+, which is kept, for \w+ is refused/);
  assert.equal(await stage.timesEstablished(), 2, "it was lost once");
});

test("no address is given from a pool that is written together with a change that is refused", async () => {
  await using stage = await running(3_000);
  const before = (await stage.rollout())?.kept.revision ?? "";
  await stage.setPeer("l3-switch", { peerASN: 65299 });
  await stage.setPool("default", "172.19.100.0/24", "172.19.101.0/24");
  await isRefused(stage);
  await stage.addService("other", { loadBalancerIP: "172.19.101.7" });
  await stage.hasEvent({ kind: "Service", name: "other" }, "AllocationFailed", /172\.19\.101\.7 is in no pool/);
  await stage.setPeer("l3-switch", { peerASN: 65210 });
  await isKeptAgain(stage, before);
  await stage.hasRoute("172.19.101.7");
});

test("routes that the switch hangs up on are taken back", async () => {
  await using stage = await running(3_000);
  const aggregate = (aggregationLength: number) =>
    stage.client.patch(
      BGPAdvertisement,
      { namespace, name: "default" },
      { type: "merge", body: { spec: { aggregationLength } } },
    );
  const before = (await stage.rollout())?.kept.revision ?? "";
  await aggregate(24);
  await isKeptAgain(stage, before);
  await stage.hasRoute("172.19.100.0/24");
  await stage.addService("second");
  await stage.hasAddress("second", "172.19.100.2");
  await stage.frr.vtysh("configure terminal", "router bgp 65210", "neighbor 10.10.2.112 maximum-prefix 1");
  await aggregate(32);
  await isRefused(stage);
  const said = /spec\.aggregationLength: 32 instead of 24: .*Cease, Maximum Number of Prefixes Reached/;
  await stage.hasEvent({ kind: "BGPAdvertisement", name: "default" }, "RolloutRefused", said);
  await stage.frr.vtysh("clear bgp 10.10.2.112");
  await stage.hasRoute("172.19.100.0/24");
});

test("routes that go because their pool was cut, and a peer that is removed, are meant", async () => {
  await using stage = await running(3_000);
  const before = (await stage.rollout())?.kept.revision ?? "";
  await stage.setPool("default", "172.19.102.0/24");
  await stage.hasRoute("172.19.102.1");
  await stage.hasNoRoute("172.19.100.1");
  await isKeptAgain(stage, before);
  assert.equal(await stage.timesEstablished(), 1);
  await stage.client.delete(BGPPeer, { namespace, name: "l3-switch" });
  await until("the session is gone", async () => (await stage.switchState()) !== "Established");
  await until("that is kept too", async () => {
    const { candidate, refused, attempts } = (await stage.rollout()) ?? {};
    return attempts === 2 && candidate === undefined && refused === undefined;
  });
});

test("at rest nothing is written, and what was kept outlives both processes", async () => {
  await using stage = await running(3_000);
  await stage.setPeer("l3-switch", { peerASN: 65299 });
  await isRefused(stage);
  for (const process of [stage.agent, stage.controllerProcess]) await process.send("SIGTERM");
  await stage.hasNoRoute("172.19.100.1");
  stage.controller();
  stage.node("--trial-ms", "3000");
  await stage.hasRoute("172.19.100.1");
  await stage.addService("meanwhile");
  await stage.hasRoute("172.19.100.2");
  const version = async () => (await stage.client.get(Rollout, { namespace, name: "configuration" })).metadata;
  const { resourceVersion } = await version();
  await stage.removeService("meanwhile");
  await stage.hasNoRoute("172.19.100.2");
  assert.equal((await version()).resourceVersion, resourceVersion);
});
