import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap, gatewaysAnnotation, type Node } from "../../kubernetes/resources/index.ts";
import { describe } from "../reason-text.ts";
import { advertisement, configurationOf, node, parsed, peer, pool, source } from "../testing.ts";
import { parseDurationMs } from "./duration.ts";
import { readConfiguration, type ConfigurationSource } from "./read.ts";

const legacy = parsed(ConfigMap, {
  metadata: { namespace: "metallb-system", name: "config" },
  data: {
    config: `
peers:
- peer-address: 10.10.2.210
  peer-asn: 65210
  my-asn: 65211
address-pools:
- name: default
  protocol: bgp
  avoid-buggy-ips: true
  addresses:
  - 172.19.100.0/24
`,
  },
});

function withGateways(of: Node, gateways: string): Node {
  return { ...of, metadata: { ...of.metadata, annotations: { [gatewaysAnnotation]: gateways } } };
}

function complaints(parts: Partial<ConfigurationSource>): string[] {
  const read = readConfiguration(source(parts));
  return read.ok ? [] : read.problems.map(describe);
}

test("MetalLB's old ConfigMap means the same as today's resources", () => {
  const today = configurationOf({
    pools: [pool("default", "172.19.100.0/24", { avoidBuggyIPs: true })],
    peers: [peer("peer1")],
    advertisements: [advertisement("default", { ipAddressPools: ["default"] })],
  });
  assert.deepEqual(configurationOf({ configMap: legacy }), today);
});

test("the old ConfigMap and resources at once is an error that names both", () => {
  assert.deepEqual(complaints({ configMap: legacy, pools: [pool("p", "192.0.2.0/24")] }), [
    "ConfigMap metallb-system/config: data.config: there is also IPAddressPool metallb-system/p: configure by this ConfigMap or by metallb.io resources, not by both: delete the one that is not meant",
  ]);
});

test("an unknown key, a wrong protocol and text that is no YAML in the old ConfigMap are named", () => {
  const config = (text: string) => complaints({ configMap: { ...legacy, data: { config: text } } });
  assert.match(
    config("peers: [{ peer-address: 10.0.0.1, peer-asn: 1, my-asn: 2, colour: red }]")[0] ?? "",
    /config\.peers\[0\]\.colour: red: must be left out/,
  );
  assert.match(
    config("address-pools: [{ name: a, protocol: ospf, addresses: [10.0.0.0/24] }]")[0] ?? "",
    /config\.address-pools\[0\]\.protocol: ospf: must be bgp/,
  );
  assert.match(config("peers: [")[0] ?? "", /data\.config: .*must be YAML/s);
  assert.match(config("peers: 3")[0] ?? "", /config\.peers: 3: must be a list/);
});

const bad: [what: string, parts: Partial<ConfigurationSource>, complaint: string][] = [
  [
    "a range upside down",
    { pools: [pool("a", "192.0.2.9-192.0.2.1")] },
    "IPAddressPool metallb-system/a: spec.addresses[0]: 192.0.2.9-192.0.2.1: is upside down: the first address must not be greater than the last",
  ],
  [
    "pools that overlap",
    { pools: [pool("a", "192.0.2.0/24"), pool("b", "192.0.2.128-192.0.2.129")] },
    "IPAddressPool metallb-system/b: spec.addresses: 192.0.2.128-192.0.2.129: must not overlap 192.0.2.0-192.0.2.255 of pool a",
  ],
  [
    "a pool with a peer's address in it",
    { pools: [pool("a", "10.10.2.0/24")], peers: [peer("tor")] },
    "IPAddressPool metallb-system/a: spec.addresses: 10.10.2.0-10.10.2.255: must leave out 10.10.2.210, the address of peer tor",
  ],
  [
    "a pool with a node's address in it",
    { pools: [pool("a", "10.10.2.0/24")], nodes: [node("n1", {}, ["10.10.2.112"])] },
    "IPAddressPool metallb-system/a: spec.addresses: 10.10.2.0-10.10.2.255: must leave out 10.10.2.112, the address of node n1",
  ],
  [
    "a pool with a gateway's address in it",
    { pools: [pool("a", "10.10.2.0/24")], nodes: [withGateways(node("n1"), "10.10.2.1,fe80::1")] },
    "IPAddressPool metallb-system/a: spec.addresses: 10.10.2.0-10.10.2.255: must leave out 10.10.2.1, the address of n1's gateway",
  ],
  [
    "a hold time of 1 s",
    { peers: [peer("tor", { holdTime: "1s" })] },
    "BGPPeer metallb-system/tor: spec.holdTime: 1s: must be 0s, or from 3s to 65535s in whole seconds (RFC 4271 §4.2)",
  ],
  [
    "an advertisement of a pool that is not there",
    { advertisements: [advertisement("x", { ipAddressPools: ["nowhere"] })] },
    "BGPAdvertisement metallb-system/x: spec.ipAddressPools[0]: nowhere: must be the name of an IPAddressPool",
  ],
  [
    "an aggregate larger than the pool",
    { pools: [pool("a", "192.0.2.0/26")], advertisements: [advertisement("x", { aggregationLength: 24 })] },
    "BGPAdvertisement metallb-system/x: spec.aggregationLength: 24: must not be shorter than 192.0.2.0/26 of pool a",
  ],
];
for (const [what, parts, complaint] of bad) {
  test(`${what} gets an error with object, field, value and what would be right`, () => {
    assert.deepEqual(complaints(parts), [complaint]);
  });
}

test("durations are those of Go", () => {
  assert.equal(parseDurationMs("1m30s"), 90_000);
  assert.equal(parseDurationMs("1.5s"), 1_500);
  assert.equal(parseDurationMs("90"), undefined);
});
