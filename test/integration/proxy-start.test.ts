// An agent that starts while the cluster goes on changing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { Service } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { Stage } from "./stage.ts";

test("Services that get their address at any moment of the agent's start are in its table", async () => {
  await using stage = await Stage.start();
  await stage.addNode();
  await stage.addNamespace();
  const agent = stage.node("--proxy", "--pod-network", "10.233.64.0/18", "--bgp-port", "0");
  const given: string[] = [];
  while (agent.running && !agent.output.includes("all is known")) given.push(await serve(stage, given.length));
  let missing: string[] = given;
  const hasAll = () => {
    const listing = execFileSync("nft", ["list", "map", "inet", "fairlead-proxy", "services4"], { encoding: "utf8" });
    missing = given.filter((address) => !listing.includes(`${address} . tcp . 80 :`));
    return missing.length === 0;
  };
  await until("the table has all", hasAll, 10_000).catch(() => undefined);
  assert.ok(given.length > 0);
  assert.deepEqual(missing, [], agent.output);
});

/** A Service is made, and then given its address, as a controller does it. */
async function serve(stage: Stage, index: number): Promise<string> {
  const address = `172.19.${100 + (index >> 8)}.${index & 255}`;
  const key = { namespace: "default", name: `web-${index}` };
  await stage.client.create(Service, { metadata: key, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
  const body = { status: { loadBalancer: { ingress: [{ ip: address }] } } };
  await stage.client.patch(Service, key, { type: "merge", body }, { subresource: "status" });
  return address;
}
