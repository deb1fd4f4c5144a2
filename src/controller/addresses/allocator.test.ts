import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../net/index.ts";
import { ApiError } from "../../kubernetes/client/index.ts";
import type { AddressBlock, Service } from "../../kubernetes/resources/index.ts";
import { configurationOf, pool } from "../../plan/testing.ts";
import type { AddressApi } from "./address-api.ts";
import { Allocator } from "./allocator.ts";
import { blockOf } from "./testing.ts";

/** An allocator with a pool, the writes that it makes, and what it is to believe of the version that is known. */
function allocatorOf(addresses: string, api: Partial<AddressApi> = {}) {
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
      ...api,
    },
    { add: (key) => void keys.add(key) },
    { onDecided: () => undefined, onWritten: () => undefined, onFailure: fail },
    { version: () => state.version },
  );
  allocator.setConfiguration(configurationOf({ pools: [pool("p", addresses)] }));
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
  allocator.setService(service("a", "5"));
  allocator.observeBlocks([blockOf("8", "192.0.2.1 d/a uid-a autoAssign 7")]);
  allocator.start();
  await work();
  assert.deepEqual(written, [], "the other may be about to write the status of version 7");
  allocator.setService(service("a", "7"));
  allocator.settle();
  await work();
  assert.deepEqual(written, ["status: a 192.0.2.1"]);
});

test("what another controller wrote while our own write was refused, and after that, is not given again", async () => {
  const theirs = [
    blockOf("8", "192.0.2.3 d/y uid-y autoAssign 3"),
    blockOf("9", "192.0.2.3 d/y uid-y autoAssign 3", "192.0.2.1 d/z uid-z autoAssign 3"),
  ] as const;
  let stored: AddressBlock = theirs[0];
  const { allocator, written, work } = allocatorOf("192.0.2.1-192.0.2.3", {
    writeBlock: async (block) => {
      if (block.metadata.resourceVersion !== stored.metadata.resourceVersion)
        throw new ApiError({ verb: "update", kind: "AddressBlock" }, 409, { reason: "Conflict" });
      return (stored = { ...block, metadata: { ...block.metadata, resourceVersion: "10" } });
    },
    readBlock: async () => {
      const read = stored;
      // While it is on its way, the other writes again, and the watch tells it.
      stored = theirs[1];
      allocator.observeBlocks([stored]);
      return read;
    },
  });
  for (const name of ["a", "y", "z"]) allocator.setService(service(name, "3"));
  allocator.start();
  await allocator.idle();
  await work();
  const given = ["a 192.0.2.2", "y 192.0.2.3", "z 192.0.2.1"].map((each) => `status: ${each}`);
  assert.deepEqual(written.filter((each) => each.startsWith("status")).sort(), given);
});
