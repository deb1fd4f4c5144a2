// What a mistake in a pool does: it is told where it was made, and nothing else happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { IPAddressPool } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { gateway, nodeAddress, Stage, switchAddress } from "./stage.ts";

const pool = { kind: "IPAddressPool", name: "default" };
const stale = "metallb_k8s_client_config_stale_bool";

const mistakes: readonly (readonly [what: string, addresses: string, said: RegExp])[] = [
  [
    "a range that is upside down",
    "172.19.100.9-172.19.100.1",
    /IPAddressPool metallb-system\/default: spec\.addresses\[0\]: 172\.19\.100\.9-172\.19\.100\.1: is upside down/,
  ],
  ["the address of a peer", `${switchAddress}/32`, /must leave out 10\.10\.2\.210, the address of peer l3-switch/],
  ["the address of a node", `${nodeAddress}/32`, /must leave out 10\.10\.2\.112, the address of node cy01-net112/],
  ["the address of a gateway", `${gateway}/32`, /must leave out 10\.10\.2\.1, the address of cy01-net112's gateway/],
];

test("while a pool is wrong, addresses and routes stay, and the pool says what is wrong with it", async (t) => {
  await using stage = await Stage.running();
  for (const [what, addresses, said] of mistakes) {
    await t.test(`a pool with ${what}`, async () => {
      await stage.setPool("default", addresses);
      await stage.isValid(IPAddressPool, "default", "False", said);
      await stage.hasEvent(pool, "ConfigurationError", said);
      await stage.hasMetric("controller", stale, 1);
      await stage.addService("meanwhile");
      // The last good configuration is in force: also for what comes now, and on the node.
      await stage.hasAddress("meanwhile", "172.19.100.2");
      await stage.hasRoute("172.19.100.2");
      assert.deepEqual(await stage.routes(), ["172.19.100.1", "172.19.100.2"]);
      const status = await stage.look("status");
      assert.match(status, said);
      assert.match(status, /ng-svc +172\.19\.100\.1 +default +cy01-net112/);
      assert.match(status, /cy01-net112 +l3-switch +Established/);
      await stage.removeService("meanwhile");
      await stage.hasNoRoute("172.19.100.2");
      await stage.setPool("default", "172.19.100.0/24");
      await stage.isValid(IPAddressPool, "default", "True", /^$/);
      await stage.hasMetric("controller", stale, 0);
    });
  }

  await t.test("two pools that overlap", async () => {
    await stage.addPool("other", "172.19.100.128/25");
    const said =
      /IPAddressPool metallb-system\/other: spec\.addresses: 172\.19\.100\.128.*: must not overlap 172\.19\.100\.0.* of pool default/;
    await stage.isValid(IPAddressPool, "other", "False", said);
    await stage.hasEvent({ kind: "IPAddressPool", name: "other" }, "ConfigurationError", said);
    await stage.isValid(IPAddressPool, "default", "True");
    await stage.hasMetric("controller", stale, 1);
    await stage.setPool("other", "172.19.101.0/24");
    await stage.isValid(IPAddressPool, "other", "True", /^$/);
    await stage.addService("mended", { loadBalancerIP: "172.19.101.5" });
    await stage.hasRoute("172.19.101.5");
  });

  await until("the agent has no problem", async () => (await stage.report()).problems.length === 0);
  assert.equal(await stage.addressOf("ng-svc"), "172.19.100.1");
  assert.equal(await stage.timesEstablished(), 1, "the session was never interrupted");
});

test("processes that start while a pool is wrong go on with what was kept", async () => {
  await using stage = await Stage.running();
  await stage.addPool("other", "172.19.101.0/24");
  await stage.addService("other", { loadBalancerIP: "172.19.101.7" });
  await stage.hasRoute("172.19.101.7");
  await stage.hasTriedAll();
  await stage.setPool("other", "172.19.101.9-172.19.101.1");
  await stage.isValid(IPAddressPool, "other", "False");
  for (const process of [stage.agent, stage.controllerProcess]) await process.send("SIGTERM");
  await stage.hasNoRoute("172.19.100.1");

  stage.controller();
  stage.node();
  await stage.hasRoute("172.19.100.1");
  await stage.hasRoute("172.19.101.7");
  await stage.hasMetric("controller", stale, 1);
  await stage.addService("meanwhile", { loadBalancerIP: "172.19.101.8" });
  await stage.hasRoute("172.19.101.8");
  assert.equal(await stage.addressOf("other"), "172.19.101.7");
  await stage.setPool("other", "172.19.101.0/24");
  await stage.hasRoute("172.19.101.7");
  assert.equal(await stage.addressOf("ng-svc"), "172.19.100.1");
});
