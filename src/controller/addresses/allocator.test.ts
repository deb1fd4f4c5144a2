import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../net/index.ts";
import { IPAddressPool, parseObject, type AddressBlock, type Service } from "../../kubernetes/resources/index.ts";
import { readConfiguration } from "../../plan/index.ts";
import { Allocator } from "./allocator.ts";

/** An allocator with a pool, the writes that it makes, and what it is to believe of the version that is known. */
function allocatorOf(addresses: string) {
  const pool = parseObject(IPAddressPool, {
    metadata: { name: "p", namespace: "s" },
    spec: { addresses: [addresses] },
  });
  assert.ok(pool.ok);
  const read = readConfiguration({
    pools: [pool.object],
    peers: [],
    advertisements: [],
    bfdProfiles: [],
    communities: [],
    secrets: new Map(),
    configMap: undefined,
    nodes: [],
  });
  assert.ok(read.ok);
  const written: string[] = [];
  const state = { version: 100n };
  const keys = new Set<string>();
  const fail = (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`);
  const allocator = new Allocator(
    {
      readService: () => assert.fail("nothing is released"),
      readBlock: () => assert.fail("nobody else writes"),
      renew: () => assert.fail("nobody else reserves"),
      writeBlock: async (block) => {
        written.push(...block.spec.owned.map((line) => `block: ${line.replace(/[0-9a-f-]{36}/, "ID")}`));
        return { ...block, metadata: { ...block.metadata, resourceVersion: "900" } };
      },
      writeIngress: async ({ metadata }, given) => {
        written.push(`status: ${metadata.name} ${given.map(formatAddress).join()}`);
      },
    },
    { add: (key) => void keys.add(key) },
    { onDecided: () => undefined, onWritten: () => undefined, onFailure: fail },
    { version: () => state.version },
  );
  allocator.setConfiguration(read.configuration);
  const statuses = async () => {
    for (const key of keys) {
      keys.delete(key);
      await allocator.writeStatus(key);
    }
  };
  const work = async () => {
    await statuses();
    await allocator.idle();
    await statuses();
  };
  return { allocator, written, state, work };
}

function service(name: string, version: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "d", uid: `uid-${name}`, resourceVersion: version },
    spec: { type: "LoadBalancer", sessionAffinity: "None", ipFamilies: ["IPv4"], ports: [] },
  };
}

test("a Service that comes alone has its status before its address is written to a block, for it was reserved there", async () => {
  const { allocator, written, work } = allocatorOf("192.0.2.0/24");
  allocator.start();
  await work();
  assert.deepEqual(written.splice(0), ["block: 192.0.2.0 - ID reserved 100-1100"]);
  allocator.setService(service("a", "101"));
  allocator.settle();
  await work();
  assert.deepEqual(written, [
    "status: a 192.0.2.0",
    "block: 192.0.2.0 d/a uid-a autoAssign 101",
    "block: 192.0.2.1 - ID reserved 100-1100",
  ]);
});

test("nothing is reserved where hardly any address is left", async () => {
  const { allocator, written, work } = allocatorOf("192.0.2.1-192.0.2.15");
  allocator.start();
  allocator.setService(service("a", "101"));
  allocator.settle();
  await work();
  assert.deepEqual(written, ["block: 192.0.2.1 d/a uid-a autoAssign 101", "status: a 192.0.2.1"]);
});

test("ownership that another controller wrote for a later version of the Service is left as it is", async () => {
  const { allocator, written, work } = allocatorOf("192.0.2.1-192.0.2.3");
  const block: AddressBlock = {
    apiVersion: "fairlead.dev/v1alpha1",
    kind: "AddressBlock",
    metadata: { name: "ipv4-192.0.2.0", resourceVersion: "8" },
    spec: { first: "192.0.2.0", owned: ["192.0.2.1 d/a uid-a autoAssign 7"] },
  };
  allocator.setService(service("a", "5"));
  allocator.observeBlocks([block]);
  allocator.start();
  await work();
  assert.deepEqual(written, [], "the other may be about to write the status of version 7");
  allocator.setService(service("a", "7"));
  allocator.settle();
  await work();
  assert.deepEqual(written, ["status: a 192.0.2.1"]);
});
