// MetalLB's old ConfigMap beside today's resources, and mistakes inside the ConfigMap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap, IPAddressPool } from "../../src/kubernetes/resources/index.ts";
import { namespace, Stage } from "./stage.ts";

const configMap = { kind: "ConfigMap", name: "config" };
const peers = "peers: [{ peer-address: 10.10.2.210, peer-asn: 65210, my-asn: 65211 }]";
const pools = (...addresses: readonly string[]) =>
  `address-pools:\n${addresses.map((each, index) => `- { name: p${index}, protocol: bgp, avoid-buggy-ips: true, addresses: [${each}] }`).join("\n")}`;
const written = (...addresses: readonly string[]) => ({ config: `${peers}\n${pools(...addresses)}\n` });
const stale = "metallb_k8s_client_config_stale_bool";

test("a ConfigMap beside resources is an error on the ConfigMap, and what was in force stays", async () => {
  await using stage = await Stage.running();
  await stage.client.create(ConfigMap, { metadata: { namespace, name: "config" }, data: written("172.19.200.0/24") });
  const said =
    /ConfigMap metallb-system\/config: data\.config: there is also IPAddressPool metallb-system\/default: .*delete the one that is not meant/;
  await stage.hasEvent(configMap, "ConfigurationError", said);
  await stage.hasMetric("controller", stale, 1);
  await stage.addService("meanwhile");
  await stage.hasRoute("172.19.100.2");
  assert.deepEqual(await stage.routes(), ["172.19.100.1", "172.19.100.2"]);
  assert.match(await stage.look("status"), said);
  await stage.client.delete(ConfigMap, { namespace, name: "config" });
  await stage.hasMetric("controller", stale, 0);
});

test("a mistake in the ConfigMap is told on the ConfigMap, by the place where it was made", async (t) => {
  await using stage = await Stage.start();
  await stage.addNode();
  await stage.addNamespace();
  await stage.client.create(ConfigMap, { metadata: { namespace, name: "config" }, data: written("172.19.100.0/24") });
  await stage.addService("ng-svc");
  stage.controller();
  stage.node();
  await stage.hasRoute("172.19.100.1");
  const mistakes: readonly (readonly [what: string, data: Record<string, string>, said: RegExp])[] = [
    [
      "a range that is upside down",
      written("172.19.100.9-172.19.100.1"),
      /ConfigMap metallb-system\/config: config\.address-pools\[0\]\.addresses\[0\]: 172\.19\.100\.9-172\.19\.100\.1: is upside down/,
    ],
    [
      "pools that overlap",
      written("172.19.100.0/24", "172.19.100.0/25"),
      /ConfigMap metallb-system\/config: config\.address-pools\[1\]\.addresses: .* must not overlap .* of pool p0/,
    ],
    [
      "two pools of one name",
      { config: `${peers}\n${pools("172.19.100.0/24", "172.19.101.0/24").replace("p1", "p0")}` },
      /ConfigMap metallb-system\/config: config\.address-pools\[1\]\.name: p0: must be another than that of config\.address-pools\[0\]/,
    ],
    ["no YAML", { config: "peers: [" }, /ConfigMap metallb-system\/config: data\.config: .*must be YAML/s],
    ["nothing in it", {}, /ConfigMap metallb-system\/config: data\.config: nothing: must hold the configuration/],
    [
      "a protocol that is none",
      { config: `${peers}\n${pools("172.19.100.0/24").replace("bgp", "rip")}` },
      /ConfigMap metallb-system\/config: config\.address-pools\[0\]\.protocol: rip: must be bgp/,
    ],
  ];
  for (const [what, data, said] of mistakes) {
    await t.test(`a ConfigMap with ${what}`, async () => {
      const { metadata } = await stage.client.get(ConfigMap, { namespace, name: "config" });
      await stage.client.update(ConfigMap, { metadata, data });
      await stage.hasEvent(configMap, "ConfigurationError", said);
      await stage.hasMetric("controller", stale, 1);
      assert.deepEqual(await stage.routes(), ["172.19.100.1"]);
    });
  }
  await stage.client.delete(ConfigMap, { namespace, name: "config" });
  await stage.addPool("late", "172.19.100.0/24");
  await stage.isValid(IPAddressPool, "late", "True");
});
