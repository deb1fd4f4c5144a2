import assert from "node:assert/strict";
import { test } from "node:test";
import { Community } from "../../kubernetes/resources/index.ts";
import { describe } from "../reason-text.ts";
import { advertisement, configurationOf, node, parsed, peer, pool, source } from "../testing.ts";
import { readConfiguration, type ConfigurationSource } from "./read.ts";

const community = (name: string, ...communities: { name?: string; value?: string }[]) =>
  parsed(Community, { metadata: { namespace: "metallb-system", name }, spec: { communities } });

function complaints(parts: Partial<ConfigurationSource>): string[] {
  return readConfiguration(source({ nodes: [node("n1")], ...parts })).problems.map(describe);
}

test("communities are numbers, names of Communities, or well-known", () => {
  const { advertisements } = configurationOf({
    communities: [community("c", { name: "vpn", value: "65000:7" }, { name: "far", value: "large:65000:1:2" })],
    advertisements: [advertisement("x", { communities: ["65000:1", "vpn", "far", "no-export"] })],
  });
  assert.deepEqual(advertisements.get("x")?.communities, [
    { type: "standard", value: 65_000 * 65_536 + 1 },
    { type: "standard", value: 65_000 * 65_536 + 7 },
    { type: "large", value: [65_000, 1, 2] },
    { type: "standard", value: 0xffffff01 },
  ]);
});

test("annotations of ours say what MetalLB has no field for", () => {
  const object = advertisement("x");
  const annotations = {
    "fairlead.dev/as-path-prepend": "2",
    "fairlead.dev/med": "50",
    "fairlead.dev/weight": "local-endpoints",
  };
  const { advertisements } = configurationOf({
    advertisements: [{ ...object, metadata: { ...object.metadata, annotations } }],
  });
  const { prepend, med, weight } = advertisements.get("x") ?? {};
  assert.deepEqual({ prepend, med, weight }, { prepend: 2, med: 50, weight: "local-endpoints" });
});

const forms =
  "must be 65535:65535, large:1:2:3, a name of a Community, or one of graceful-shutdown, accept-own, llgr-stale, no-llgr, blackhole, no-export, no-advertise, no-export-subconfed, no-peer";
const a = pool("a", ["192.0.2.0/26", "198.51.100.8-198.51.100.23"]);

const wrong: [what: string, parts: Partial<ConfigurationSource>, complaint: string][] = [
  [
    "a community that has no name like this",
    { advertisements: [advertisement("x", { communities: ["vpn"] })] },
    `BGPAdvertisement metallb-system/x: spec.communities[0]: vpn: ${forms}`,
  ],
  [
    "a name for what is no community",
    { communities: [community("c", { name: "vpn", value: "65000:70000" })] },
    "Community metallb-system/c: spec.communities[0].value: 65000:70000: must be 65535:65535 or large:1:2:3",
  ],
  [
    "one name for two communities",
    { communities: [community("c", { name: "vpn", value: "1:1" }), community("d", { name: "vpn", value: "1:2" })] },
    "Community metallb-system/d: spec.communities[0].name: vpn: must be another than those of all Communities",
  ],
  [
    "more communities than a router takes",
    { advertisements: [advertisement("x", { communities: Array.from({ length: 64 }, (_, each) => `1:${each}`) })] },
    "BGPAdvertisement metallb-system/x: spec.communities: 64 of them: must be at most 63",
  ],
  [
    "an aggregate larger than a range of the pool",
    { pools: [a], advertisements: [advertisement("x", { aggregationLength: 28 })] },
    "BGPAdvertisement metallb-system/x: spec.aggregationLength: 28: must not be shorter than 198.51.100.8-198.51.100.23 of pool a",
  ],
  [
    "an aggregate for some Services",
    {
      advertisements: [advertisement("x", { aggregationLength: 24, serviceSelectors: [{ matchLabels: { a: "b" } }] })],
    },
    "BGPAdvertisement metallb-system/x: spec.aggregationLength: 24: must be 32, or serviceSelectors be left out",
  ],
  [
    "another local preference for the same routes",
    { pools: [a], advertisements: [advertisement("x", { localPref: 50 }), advertisement("y", { localPref: 70 })] },
    "BGPAdvertisement metallb-system/y: spec.localPref: 70: must be 50 as in BGPAdvertisement x, which is for the same pools, peers and nodes",
  ],
];
for (const [what, parts, complaint] of wrong) {
  test(`${what} gets an error with object, field, value and what would be right`, () => {
    assert.deepEqual(complaints(parts), [complaint]);
  });
}

test("local preferences may differ by peer, by node, by pool, and by the length of aggregates", () => {
  const both = (one: object, other: object) =>
    complaints({
      nodes: [node("n1", { rack: "a" }), node("n2", { rack: "b" })],
      pools: [a, pool("b", "203.0.113.0/24")],
      peers: [peer("tor-a"), peer("tor-b", { peerAddress: "10.10.2.211" })],
      advertisements: [advertisement("x", { localPref: 50, ...one }), advertisement("y", { localPref: 70, ...other })],
    });
  const rack = (each: string) => ({ nodeSelectors: [{ matchLabels: { rack: each } }] });
  assert.deepEqual(both({ peers: ["tor-a"] }, { peers: ["tor-b"] }), []);
  assert.deepEqual(both(rack("a"), rack("b")), []);
  assert.deepEqual(both({ ipAddressPools: ["a"] }, { ipAddressPools: ["b"] }), []);
  assert.deepEqual(both({ aggregationLength: 30 }, { aggregationLength: 32 }), []);
});
