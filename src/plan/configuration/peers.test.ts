import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrefix } from "../../net/index.ts";
import { Secret } from "../../kubernetes/resources/index.ts";
import { describe } from "../reason-text.ts";
import { configurationOf, node, parsed, peer, source } from "../testing.ts";
import type { Peer } from "./configuration.ts";
import { readConfiguration, type ConfigurationSource } from "./read.ts";

function peerOf(
  spec: object,
  annotations: Record<string, string> = {},
  secrets?: ConfigurationSource["secrets"],
): Peer {
  const object = peer("tor", spec);
  const peers = [{ ...object, metadata: { ...object.metadata, annotations } }];
  const read = configurationOf({ peers, ...(secrets === undefined ? {} : { secrets }) }).peers.get("tor");
  assert.ok(read);
  return read;
}

const meant: [what: string, spec: object, meaning: Partial<Peer>][] = [
  ["peerASN names the router's AS number", {}, { localAsn: 65_211, remoteAsn: 65_210 }],
  ["localASN is heard instead of myASN", { localASN: 64_512 }, { localAsn: 64_512 }],
  ["dynamicASN takes what the router says", { peerASN: 0, dynamicASN: "external" }, { remoteAsn: "external" }],
  ["a peer carries the family of its address", {}, { families: [4] }],
  ["so does one of IPv6", { peerAddress: "2001:db8::1" }, { families: [6] }],
  ["with dualStackAddressFamily it carries both", { dualStackAddressFamily: true }, { families: [4, 6] }],
  ["disableMP changes nothing", { disableMP: true }, { families: [4] }],
  ["a hold time of 0 has no keepalives", { holdTime: "0s", keepaliveTime: "30s" }, { keepaliveTimeMs: undefined }],
  ["connectTime is in whole seconds", { connectTime: "1m" }, { connectTimeMs: 60_000 }],
  [
    "interface names the link of a router without a number",
    { peerAddress: undefined, interface: "eth1" },
    { reach: { by: "interface", interface: "eth1" }, families: [4, 6] },
  ],
  ["vrf names a link", { vrf: "red" }, { vrf: "red" }],
  ["enableGracefulRestart", { enableGracefulRestart: true }, { gracefulRestart: true }],
  ["password signs the session", { password: "hush" }, { md5Password: "hush" }],
  ["ebgpMultiHop lets other routers lie between", { ebgpMultiHop: true }, { isMultihop: true }],
  ["without annotations both sides open connections", {}, { connectMode: "both", ttlSecurityHops: undefined }],
];
for (const [what, spec, meaning] of meant) {
  test(`of a BGPPeer: ${what}`, () => {
    const read = peerOf(spec);
    for (const [field, value] of Object.entries(meaning)) assert.deepEqual(Reflect.get(read, field), value, field);
  });
}

test("annotations say who opens the connection, and how far the router may be", () => {
  const annotations = { "fairlead.dev/connect-mode": "passive", "fairlead.dev/ttl-security-hops": "1" };
  const { connectMode, ttlSecurityHops } = peerOf({}, annotations);
  assert.deepEqual({ connectMode, ttlSecurityHops }, { connectMode: "passive", ttlSecurityHops: 1 });
});

const sources: [what: string, text: string, meaning: unknown][] = [
  ["a link", "lo", { by: "link", link: "lo" }],
  ["a prefix", "10.10.2.0/28", { by: "prefix", prefix: parsePrefix("10.10.2.0/28") }],
];
for (const [what, text, meaning] of sources) {
  test(`an annotation says that each node dials from its own address of ${what}`, () => {
    assert.deepEqual(peerOf({}, { "fairlead.dev/source-from": text }).sourceFrom, meaning);
  });
}

test("an annotation says that routes lead to the node's address, wherever the session comes from", () => {
  assert.equal(peerOf({}).nextHop, "session");
  assert.equal(peerOf({}, { "fairlead.dev/next-hop": "node" }).nextHop, "node");
});

test("an annotation says which ORIGIN routes have, for routers that have them from others too", () => {
  assert.equal(peerOf({}).origin, "incomplete");
  assert.equal(peerOf({}, { "fairlead.dev/origin": "igp" }).origin, "igp");
});

const wrongSources: [what: string, spec: object, text: string, expected: string][] = [
  ["neither a link nor a prefix", {}, "a link", "must be the name of a link, or a prefix"],
  ["a prefix of the other family", {}, "2001:db8::/64", "must be of the family of peerAddress"],
  ["beside a source address", { sourceAddress: "10.10.2.1" }, "lo", "must be left out where there is a sourceAddress"],
  [
    "for an unnumbered peer",
    { peerAddress: undefined, interface: "eth1" },
    "lo",
    "must be left out for a router on a link of the node",
  ],
];
for (const [what, spec, text, expected] of wrongSources) {
  test(`a source choice that is ${what} is told so`, () => {
    const object = peer("tor", spec);
    const metadata = { ...object.metadata, annotations: { "fairlead.dev/source-from": text } };
    const { problems } = readConfiguration(source({ peers: [{ ...object, metadata }] }));
    assert.deepEqual(problems.map(describe), [
      `BGPPeer metallb-system/tor: metadata.annotations[fairlead.dev/source-from]: ${text}: ${expected}`,
    ]);
  });
}

function complaints(spec: object, parts: Partial<ConfigurationSource> = {}): string[] {
  return readConfiguration(source({ peers: [peer("tor", spec)], ...parts })).problems.map(describe);
}

const wrong: [what: string, spec: object, complaint: string][] = [
  [
    "neither peerASN nor dynamicASN",
    { peerASN: 0 },
    "spec.peerASN: 0: must be the router's AS number, or dynamicASN be internal or external",
  ],
  ["both of them", { dynamicASN: "internal" }, "spec.peerASN: 65210: must be left out where there is a dynamicASN"],
  [
    "ebgpMultiHop for a router of the same AS",
    { peerASN: 65_211, ebgpMultiHop: true },
    "spec.ebgpMultiHop: true: must be left out for a router of the same AS",
  ],
  [
    "an address and a link",
    { interface: "eth1" },
    "spec.interface: eth1: must be left out where there is a peerAddress",
  ],
  [
    "a link of no name that a link may have",
    { peerAddress: undefined, interface: "a/b" },
    "spec.interface: a/b: must be the name of a link, of 1 to 15 characters",
  ],
  [
    "routers between on a link",
    { peerAddress: undefined, interface: "eth1", ebgpMultiHop: true },
    "spec.ebgpMultiHop: true: must be left out for a router on a link of the node",
  ],
  [
    "a password and a Secret",
    { password: "hush", passwordSecret: { name: "bgp" } },
    "spec.password: (set): must be left out where there is a passwordSecret",
  ],
  [
    "a password that no kernel takes",
    { password: "x".repeat(81) },
    "spec.password: (set): must be a password of at most 80 octets (RFC 2385)",
  ],
  [
    "a Secret of another namespace",
    { passwordSecret: { name: "bgp", namespace: "kube-system" } },
    "spec.passwordSecret.namespace: kube-system: must be that of the peer, metallb-system",
  ],
  [
    "disableMP and a wrong hold time, which MetalLB lets pass,",
    { disableMP: true, holdTime: "1s" },
    "spec.holdTime: 1s: must be 0s, or from 3s to 65535s in whole seconds (RFC 4271 §4.2)",
  ],
  ["a VRF that is no link's name", { vrf: "a/b" }, "spec.vrf: a/b: must be the name of a link, of 1 to 15 characters"],
];
for (const [what, spec, complaint] of wrong) {
  test(`a peer with ${what} is told so`, () => {
    assert.deepEqual(complaints(spec), [`BGPPeer metallb-system/tor: ${complaint}`]);
  });
}

const secret = (type: string, data: Record<string, string>) =>
  parsed(Secret, { metadata: { namespace: "metallb-system", name: "bgp" }, type, data });
const base64 = (text: string) => Buffer.from(text).toString("base64");

test("the password of a Secret signs the session", () => {
  const secrets = new Map([["bgp", secret("kubernetes.io/basic-auth", { password: base64("hush") })]]);
  assert.equal(peerOf({ passwordSecret: { name: "bgp" } }, {}, secrets).md5Password, "hush");
});

const bad: [what: string, there: Secret | "missing" | "forbidden", expected: string][] = [
  ["is missing", "missing", "must be the name of a Secret in the namespace of the peer"],
  ["may not be read", "forbidden", "must be readable by Fairlead: its role may not get, list and watch this Secret"],
  [
    "is of another type",
    secret("Opaque", { password: base64("hush") }),
    "must be of the type kubernetes.io/basic-auth, and is Opaque",
  ],
  [
    "has no password",
    secret("kubernetes.io/basic-auth", { username: base64("me") }),
    "must be the name of a Secret with the key password",
  ],
];
for (const [what, there, expected] of bad) {
  test(`a peer whose Secret ${what} is named and left out, and all the rest is in force`, () => {
    const peers = [peer("tor", { passwordSecret: { name: "bgp" } }), peer("other", { peerAddress: "10.10.2.211" })];
    const read = readConfiguration(source({ peers, secrets: new Map([["bgp", there]]) }));
    assert.ok(read.ok);
    assert.deepEqual([...read.configuration.peers.keys()], ["other"]);
    assert.deepEqual(read.problems.map(describe), [
      `BGPPeer metallb-system/tor: spec.passwordSecret: bgp: ${expected}`,
    ]);
  });
}

const nodes = [node("n1", { rack: "a" }), node("n2", { rack: "b" })];
const rack = (...racks: string[]) => ({
  nodeSelectors: racks.map((each) => ({ matchLabels: { rack: each } })),
});

test("two peers may have one address for different nodes, or in different VRFs, and no node may have both", () => {
  const two = (one: object, other: object) =>
    readConfiguration(source({ nodes, peers: [peer("a", one), peer("b", other)] })).problems.map(describe);
  assert.deepEqual(two(rack("a"), rack("b")), []);
  assert.deepEqual(two({ vrf: "red" }, {}), []);
  assert.deepEqual(two(rack("a", "b"), rack("b")), [
    "BGPPeer metallb-system/b: spec.peerAddress: 10.10.2.210: must be another than that of peer a, or nodeSelectors must not both select n2",
  ]);
});

test("wrong annotations are named with what would be right", () => {
  const object = peer("tor");
  const annotations = { "fairlead.dev/connect-mode": "shy", "fairlead.dev/ttl-security-hops": "300" };
  const peers = [{ ...object, metadata: { ...object.metadata, annotations } }];
  assert.deepEqual(readConfiguration(source({ peers })).problems.map(describe), [
    "BGPPeer metallb-system/tor: metadata.annotations[fairlead.dev/connect-mode]: shy: must be both or passive or active",
    "BGPPeer metallb-system/tor: metadata.annotations[fairlead.dev/ttl-security-hops]: 300: must be a number from 1 to 254",
  ]);
});
