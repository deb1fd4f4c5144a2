import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BFDProfile,
  Community,
  ConfigMap,
  Node,
  type Kind,
  type KubernetesObject,
} from "../kubernetes/resources/index.ts";
import { describe, readConfiguration, type ConfigurationSource } from "../plan/index.ts";
import { advertisement, parsed, peer, pool, source } from "../plan/testing.ts";
import { admissionAnswer, admissionRequest, review } from "./admission-review.ts";
import { judgedKinds } from "./judge.ts";

const inNamespace = (name: string) => ({ name, namespace: "metallb-system" });

const node = (address: string) =>
  parsed(Node, { metadata: { name: "n" }, status: { addresses: [{ type: "InternalIP", address }] } });

function asked(operation: "CREATE" | "UPDATE" | "DELETE", object: KubernetesObject, change: object = {}) {
  const kind = judgedKinds.get(object.kind) as Kind;
  const request = {
    uid: "1",
    kind: { group: kind.group, version: kind.version, kind: kind.kind },
    ...inNamespace(object.metadata.name),
    operation,
    object: operation === "DELETE" ? null : { ...object, ...change },
  };
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  const read = admissionRequest(body);
  assert.ok(read !== undefined, body);
  return read;
}

function complaints(
  operation: "CREATE" | "UPDATE" | "DELETE",
  object: KubernetesObject,
  parts: Partial<ConfigurationSource> = {},
) {
  return review(asked(operation, object), () => Promise.resolve(source(parts)));
}

test("a pool that overlaps another is refused in the very words that the controller would find", async () => {
  const [there, second] = [pool("default", "192.0.2.0/24"), pool("second", "192.0.2.128/25")];
  const said = await complaints("CREATE", second, { pools: [there] });
  assert.deepEqual(said, [
    "IPAddressPool metallb-system/second: spec.addresses: 192.0.2.128-192.0.2.255: must not overlap 192.0.2.0-192.0.2.255 of pool default",
  ]);
  assert.deepEqual(said, readConfiguration(source({ pools: [there, second] })).problems.map(describe));
});

test("an object is compared with the others, and not with its own former self", async () => {
  assert.deepEqual(
    await complaints("UPDATE", pool("default", "192.0.2.0/25"), { pools: [pool("default", "192.0.2.0/24")] }),
    [],
  );
});

for (const [what, object, parts, expected] of [
  ["a range upside down", pool("p", "192.0.2.9-192.0.2.1"), {}, /upside down/],
  ["a pool with a node's address", pool("p", "192.0.2.0/24"), { nodes: [node("192.0.2.7")] }, /of node n$/],
  ["a peer inside a pool", peer("r", { peerAddress: "192.0.2.1" }), { pools: [pool("p", "192.0.2.0/24")] }, /peer r$/],
  [
    "a second peer with one address",
    peer("two"),
    { peers: [peer("one")], nodes: [node("10.10.2.112")] },
    /BGPPeer .*: spec\.peerAddress/,
  ],
  [
    "a wrong community",
    parsed(Community, { metadata: inNamespace("c"), spec: { communities: [{ name: "a", value: "1:2:3" }] } }),
    {},
    /spec\.communities\[0\]\.value: 1:2:3/,
  ],
  [
    "an advertisement's community that is no number",
    advertisement("a", { communities: ["65000:70000"] }),
    {},
    /65000:70000/,
  ],
] as const) {
  test(`${what} is refused`, async () => {
    const said = await complaints("CREATE", object, parts);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", expected);
  });
}

for (const [what, object, parts] of [
  ["a pool", advertisement("a", { ipAddressPools: ["gold"] }), {}],
  ["a peer", advertisement("a", { peers: ["router"] }), {}],
  ["a BFD profile", peer("r", { bfdProfile: "fast" }), {}],
  ["a name for a community", advertisement("a", { communities: ["backup"] }), {}],
  ["a Secret", peer("r", { passwordSecret: { name: "bgp" } }), { secrets: new Map([["bgp", "missing" as const]]) }],
] as const) {
  test(`${what} may be written after what names it`, async () => {
    assert.deepEqual(await complaints("CREATE", object, parts), []);
  });
}

test("resources may be written beside MetalLB's old ConfigMap, which is then deleted", async () => {
  const configMap = parsed(ConfigMap, { metadata: inNamespace("config"), data: { config: "" } });
  assert.deepEqual(await complaints("CREATE", pool("p", "192.0.2.0/24"), { configMap }), []);
});

test("what is wrong already may be repaired step by step, and not be made worse", async () => {
  const pools = [pool("one", "192.0.2.0/24"), pool("two", ["192.0.2.0/25", "192.0.2.128/25"])];
  assert.deepEqual(await complaints("CREATE", pool("three", "198.51.100.0/24"), { pools }), []);
  assert.deepEqual(await complaints("UPDATE", pool("two", "192.0.2.0/25"), { pools }), []);
  assert.equal((await complaints("UPDATE", pool("two", ["192.0.2.0/25", "192.0.2.64/26"]), { pools })).length, 1);
});

test("a BFD profile that a peer names is not deleted, and one that nobody names is", async () => {
  const profile = parsed(BFDProfile, { metadata: inNamespace("fast"), spec: {} });
  const parts = { bfdProfiles: [profile], peers: [peer("r", { bfdProfile: "fast" })] };
  assert.match((await complaints("DELETE", profile, parts)).join(), /BGPPeer metallb-system\/r: spec\.bfdProfile/);
  assert.deepEqual(await complaints("DELETE", profile, { bfdProfiles: [profile] }), []);
});

test("an object on its way out may be written, so that it can go", async () => {
  const bad = pool("p", "192.0.2.9-192.0.2.1");
  const leaving = { metadata: { ...bad.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
  assert.deepEqual(await review(asked("UPDATE", bad, leaving), () => Promise.resolve(source())), []);
});

test("an object of another form is refused by field, without comparing it with anything", async () => {
  const request = asked("CREATE", pool("p", "192.0.2.0/24"), { spec: { addresses: [7] } });
  const said = await review(request, () => assert.fail("nothing has to be read"));
  assert.match(said.join(), /^IPAddressPool metallb-system\/p: spec\.addresses\[0\]: 7: /);
  const secret = asked("CREATE", peer("r"), { spec: { ...peer("r").spec, password: 4711 } });
  assert.doesNotMatch((await review(secret, () => assert.fail("nothing has to be read"))).join(), /4711/);
});

test("the answer names the question, and holds every complaint", () => {
  const request = asked("CREATE", pool("p", "192.0.2.0/24"));
  const shape = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
  assert.deepEqual(admissionAnswer(request, []), { ...shape, response: { uid: "1", allowed: true } });
  const status = { code: 422, reason: "Invalid", message: "one; two" };
  assert.deepEqual(admissionAnswer(request, ["one", "two"]), {
    ...shape,
    response: { uid: "1", allowed: false, status },
  });
});

test("what is no AdmissionReview of v1 is no question", () => {
  for (const body of ["", "{", "null", "[]", '{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}']) {
    assert.equal(admissionRequest(body), undefined);
  }
});

test("kinds that are nobody's business here pass", async () => {
  const request = { ...asked("CREATE", pool("p", "x")), kind: { group: "", version: "v1", kind: "Secret" } };
  assert.deepEqual(await review(request, () => assert.fail("nothing has to be read")), []);
});
