import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BGPAdvertisement,
  BGPPeer,
  customResourceDefinition,
  IPAddressPool,
  kinds,
  parseObject,
  pathOf,
  selects,
  Service,
} from "./index.ts";

test("defaults are filled in and unknown fields dropped", () => {
  const parsed = parseObject(IPAddressPool, {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { namespace: "metallb-system", name: "default" },
    spec: { addresses: ["172.19.100.0/24"], avoidBuggyIPs: true, colour: "red" },
  });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.spec, { addresses: ["172.19.100.0/24"], autoAssign: true, avoidBuggyIPs: true });
});

test("an advertisement without a spec has the defaults of one", () => {
  const parsed = parseObject(BGPAdvertisement, { metadata: { name: "all" } });
  assert.ok(parsed.ok);
  assert.equal(parsed.object.spec.aggregationLength, 32);
});

test("a wrong field is named with its value and what would be right", () => {
  const parsed = parseObject(BGPPeer, { metadata: { name: "p" }, spec: { myASN: 65_211, peerPort: 70_000 } });
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ field, value }) => ({ field, value })),
    [{ field: "spec.peerPort", value: 70_000 }],
  );
});

test("paths are those of Kubernetes", () => {
  assert.equal(pathOf(Service, { namespace: "default", name: "ng-svc" }), "/api/v1/namespaces/default/services/ng-svc");
  assert.equal(pathOf(IPAddressPool), "/apis/metallb.io/v1beta1/ipaddresspools");
});

test("selectors select as Kubernetes says", () => {
  const labels = { app: "web", tier: "front" };
  assert.ok(selects({}, undefined));
  assert.ok(selects({ matchLabels: { app: "web" } }, labels));
  assert.ok(!selects({ matchLabels: { app: "db" } }, labels));
  assert.ok(selects({ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }, labels));
  assert.ok(!selects({ matchExpressions: [{ key: "tier", operator: "In", values: ["back"] }] }, labels));
  assert.ok(
    selects(
      {
        matchExpressions: [
          { key: "tier", operator: "Exists" },
          { key: "zone", operator: "DoesNotExist" },
        ],
      },
      labels,
    ),
  );
});

test("every custom kind has a structural CRD", () => {
  for (const kind of kinds.filter((each) => each.custom)) {
    const text = JSON.stringify(customResourceDefinition(kind));
    assert.doesNotMatch(text, /\$ref|\$schema|propertyNames|"additionalProperties":false|9007199254740991/, kind.kind);
  }
});

test("a cluster holds enableGracefulRestart to what it was", () => {
  const text = JSON.stringify(customResourceDefinition(BGPPeer));
  assert.match(text, /"enableGracefulRestart":\{[^}]*"x-kubernetes-validations":\[\{"rule":"self == oldSelf"/);
});
