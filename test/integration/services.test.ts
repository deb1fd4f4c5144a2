// Services that ask for what cannot be: they are told why, and others are served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "../../src/kubernetes/resources/index.ts";
import { Stage } from "./stage.ts";

const impossible: readonly (readonly [
  what: string,
  spec: object,
  annotations: Record<string, string>,
  said: RegExp,
])[] = [
  ["an address outside the pools", { loadBalancerIP: "192.0.2.9" }, {}, /192\.0\.2\.9 is in no pool/],
  ["the address of another", { loadBalancerIP: "172.19.100.1" }, {}, /172\.19\.100\.1 belongs to default\/ng-svc/],
  [
    "junk",
    {},
    { "metallb.io/loadBalancerIPs": "a.b.c.d" },
    /metallb\.io\/loadBalancerIPs\]: a\.b\.c\.d: must be IP addresses/,
  ],
  [
    "an address of the other family",
    {},
    { "metallb.io/loadBalancerIPs": "2001:db8::1" },
    /must be of the Service's family, IPv4/,
  ],
  ["a pool that there is not", {}, { "metallb.io/address-pool": "gold" }, /there is no pool gold/],
  [
    "one thing twice",
    { loadBalancerIP: "172.19.100.7" },
    { "metallb.io/loadBalancerIPs": "172.19.100.8" },
    /must not be set together with spec\.loadBalancerIP/,
  ],
];

test("a Service that asks for the impossible gets AllocationFailed with the reason, and others are served", async (t) => {
  await using stage = await Stage.running();
  for (const [index, [what, spec, annotations, said]] of impossible.entries()) {
    await t.test(`a Service that asks for ${what}`, async () => {
      const name = `odd-${index}`;
      await stage.addService(name, spec, annotations);
      await stage.hasEvent({ kind: "Service", name }, "AllocationFailed", said);
      assert.equal(await stage.addressOf(name), undefined);
      assert.match(await stage.look("explain", "service", `default/${name}`), said);
    });
  }
  await stage.addService("plain");
  await stage.hasRoute("172.19.100.2");

  // Asked for anew, it is served.
  const annotations = { "metallb.io/loadBalancerIPs": "172.19.100.77" };
  await stage.client.patch(
    Service,
    { namespace: "default", name: "odd-2" },
    { type: "merge", body: { metadata: { annotations } } },
  );
  await stage.hasRoute("172.19.100.77");
  // What was taken is free now, and goes to the one that has waited for it.
  await stage.removeService("ng-svc");
  await stage.hasAddress("odd-1", "172.19.100.1");
});
