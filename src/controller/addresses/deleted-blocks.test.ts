import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../kubernetes/client/index.ts";
import { parseAddress } from "../../net/index.ts";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import { AddressLedger } from "./address-ledger.ts";
import type { AddressApi } from "./address-api.ts";

/** Blocks as an API server has them, one version after the other. */
function ledgerOver(blocks: Map<string, AddressBlock>) {
  let version = 0;
  const api: AddressApi = {
    readService: () => assert.fail("nothing is released"),
    readBlock: (name) => Promise.resolve(blocks.get(name)),
    writeIngress: () => assert.fail("the ledger writes no status"),
    renew: () => assert.fail("nobody reserves"),
    writeBlock: (block) => {
      const { name, resourceVersion } = block.metadata;
      if (resourceVersion !== undefined && !blocks.has(name)) {
        const subject = { verb: "update", kind: "AddressBlock", key: name };
        return Promise.reject(new ApiError(subject, 404, { reason: "NotFound" }));
      }
      const stored = { ...block, metadata: { ...block.metadata, resourceVersion: String(++version) } };
      blocks.set(name, stored);
      return Promise.resolve(stored);
    },
  };
  const claimed: string[] = [];
  const failures: string[] = [];
  const ledger = new AddressLedger(
    api,
    { version: () => undefined, all: () => [] },
    {
      onHeld: () => undefined,
      onClaimed: (services) => void claimed.push(...services),
      isWanted: () => true,
      isDecidedOn: () => true,
      onFailure: (block, error) => void failures.push(`${block}: ${String(error)}`),
    },
  );
  const claim = (number: number) => {
    const address = parseAddress(`192.0.2.${number}`);
    assert.ok(address !== undefined);
    ledger.claim({ address, uid: `uid-${number}`, service: `d/s${number}`, why: "autoAssign", seen: "7" });
    return ledger.idle();
  };
  return { ledger, claim, claimed, failures };
}

const name = "ipv4-192.0.2.0";

test("a block that was deleted is written anew, for all that it held", async () => {
  const blocks = new Map<string, AddressBlock>();
  const { ledger, claim, claimed, failures } = ledgerOver(blocks);
  await claim(1);
  blocks.delete(name);
  ledger.observeDeleted(name);
  assert.deepEqual(claimed, ["d/s1", "d/s1"], "its Service is asked for its address again");
  await claim(1);
  assert.deepEqual(blocks.get(name)?.spec.owned, ["192.0.2.1 d/s1 uid-1 autoAssign 7"]);
  assert.deepEqual(failures, []);
});

test("a block whose deletion was not heard of yet is found to be gone by the next write", async () => {
  const blocks = new Map<string, AddressBlock>();
  const { claim, claimed, failures } = ledgerOver(blocks);
  await claim(1);
  blocks.delete(name);
  await claim(2);
  assert.deepEqual(blocks.get(name)?.spec.owned, ["192.0.2.2 d/s2 uid-2 autoAssign 7"]);
  assert.deepEqual(claimed, ["d/s1", "d/s1", "d/s2"]);
  assert.deepEqual(failures, []);
});
