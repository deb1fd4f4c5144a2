// What becomes of the address that a controller has reserved for the Service that comes next, when it ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressBlock, Service } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import type { Fairlead } from "./agent.ts";
import { Stage } from "./stage.ts";

const block = "ipv4-172.19.100.0";

async function reservedIn(stage: Stage): Promise<string[]> {
  const found = await stage.client.find(AddressBlock, { name: block });
  return (found?.spec.owned ?? []).flatMap((line) => (line.includes(" reserved ") ? (line.split(" ")[0] ?? "") : []));
}

async function hasReserved(stage: Stage, address: string): Promise<void> {
  await until(`${address} is reserved`, async () => (await reservedIn(stage)).includes(address));
}

/** A controller that has given one address and reserved the next. */
async function givesTheFirst(stage: Stage): Promise<Fairlead> {
  await stage.configure();
  await stage.addService("a");
  const controller = stage.controller();
  await stage.hasAddress("a", "172.19.100.1");
  await hasReserved(stage, "172.19.100.2");
  return controller;
}

test("a controller that is stopped gives back what it has reserved, and the next gives it away", async () => {
  await using stage = await Stage.start();
  const first = await givesTheFirst(stage);
  assert.equal((await first.send("SIGTERM")).status, 0);
  assert.deepEqual(await reservedIn(stage), []);
  stage.controller();
  await hasReserved(stage, "172.19.100.2");
  await stage.addService("b");
  await stage.hasAddress("b", "172.19.100.2");
});

test("what a controller had reserved that was killed is given to nobody, and who asks for it is told so", async () => {
  await using stage = await Stage.start();
  const first = await givesTheFirst(stage);
  await first.send("SIGKILL");
  stage.controller();
  await hasReserved(stage, "172.19.100.3");
  assert.deepEqual((await reservedIn(stage)).sort(), ["172.19.100.2", "172.19.100.3"]);
  await stage.addService("b");
  await stage.hasAddress("b", "172.19.100.3");
  await stage.addService("c", { loadBalancerIP: "172.19.100.2" });
  const why = /172\.19\.100\.2 .*a controller that led before has reserved it/;
  await stage.hasEvent({ kind: "Service", name: "c" }, "AllocationFailed", why);
  assert.equal(await stage.addressOf("c"), undefined);
});

test("what is reserved is free when its window is over, also for those who have waited all the time", async () => {
  await using stage = await Stage.start();
  await stage.addNamespace();
  await stage.addPool("default", "172.19.100.1/32");
  for (const name of ["a", "b"]) await stage.addService(name);
  const { metadata } = await stage.client.get(Service, { namespace: "default", name: "b" });
  const owned = [`172.19.100.1 - somebody reserved 0-${metadata.resourceVersion}`];
  await stage.client.create(AddressBlock, { metadata: { name: block }, spec: { first: "172.19.100.0", owned } });
  const seen = async () => {
    const { items } = await stage.client.list(Service, { namespace: "default" });
    return items.map(({ metadata: { annotations }, status }) => ({
      address: status?.loadBalancer?.ingress?.[0]?.ip,
      isRenewed: annotations?.["fairlead.dev/renewed"] !== undefined,
    }));
  };
  stage.controller();
  await until("one has the address", async () => (await seen()).some(({ address }) => address !== undefined));
  // Which of two that came in one second is the first is by chance.
  const [served, waiting] = (await seen()).sort((a) => (a.address === undefined ? 1 : -1));
  assert.deepEqual(served, { address: "172.19.100.1", isRenewed: false }, "the mark goes with the wait");
  assert.deepEqual(waiting, { address: undefined, isRenewed: true });
});
