// `fairlead migrate metallb` looks at a cluster as MetalLB has left it, and changes nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "../../src/kubernetes/resources/index.ts";
import { node, Stage } from "./stage.ts";

async function given(stage: Stage, name: string, ip: string): Promise<void> {
  await stage.addService(name);
  const body = { status: { loadBalancer: { ingress: [{ ip }] } } };
  await stage.client.patch(Service, { namespace: "default", name }, { type: "merge", body }, { subresource: "status" });
}

test("what stays, what changes and why, and the steps, are told before anything of Fairlead runs", async () => {
  await using stage = await Stage.start();
  await stage.addNode();
  await stage.configure();
  await given(stage, "stays", "172.19.100.7");
  await given(stage, "outside", "198.51.100.7");
  const said = await stage.look("migrate", "metallb");
  assert.match(said, /^Services that keep their addresses: 1$/m);
  assert.match(said, /^ {2}default\/outside: 198\.51\.100\.7, then 172\.19\.100\.1: /m);
  assert.match(said, new RegExp(`^Services that one node alone announces.*:\\n  default/stays: ${node}$`, "m"));
  assert.doesNotMatch(said, /default\/stays:.*then|nobody/);
  assert.match(said, new RegExp(`^  ${node}: l3-switch$`, "m"));
  assert.match(said, new RegExp(`^  3\\. On ${node}: a router refuses a second session`, "m"));
  const service = await stage.client.get(Service, { namespace: "default", name: "outside" });
  assert.equal(service.status?.loadBalancer?.ingress?.[0]?.ip, "198.51.100.7");
});
