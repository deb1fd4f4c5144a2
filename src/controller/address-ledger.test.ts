import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import { parseAddress } from "../net/index.ts";
import type { AddressBlock } from "../kubernetes/resources/index.ts";
import { AddressLedger } from "./address-ledger.ts";
import type { AddressApi } from "./address-api.ts";

test("the first address is written at once, and those that follow soon are written together", async () => {
  const written: AddressBlock[] = [];
  const api: AddressApi = {
    readService: () => assert.fail("nothing is released"),
    readBlock: () => assert.fail("nobody else writes"),
    writeIngress: () => assert.fail("the ledger writes no status"),
    writeBlock: async (block) => {
      const stored = { ...block, metadata: { ...block.metadata, resourceVersion: String(written.length + 1) } };
      written.push(stored);
      return stored;
    },
  };
  const claimed: string[] = [];
  const handlers = {
    onHeld: () => undefined,
    onClaimed: (services: ReadonlySet<string>) => void claimed.push(...services),
    isWanted: () => true,
    isDecidedOn: () => true,
    onFailure: (block: string, error: unknown) => assert.fail(`${block}: ${String(error)}`),
  };
  const ledger = new AddressLedger(api, handlers, { gather: { firstMs: 500, mostMs: 500 } });
  const claim = (number: number) => {
    const address = parseAddress(`192.0.2.${number}`);
    assert.ok(address !== undefined);
    ledger.claim({ address, uid: `uid-${number}`, service: `d/s${number}`, why: "autoAssign", seen: "7" });
  };
  claim(1);
  await ledger.idle();
  assert.deepEqual(claimed, ["d/s1"]);
  for (const number of [2, 3, 4]) {
    claim(number);
    await wait(1);
  }
  await ledger.idle();
  assert.equal(written.length, 2);
  assert.deepEqual(
    written.at(-1)?.spec.owned,
    [1, 2, 3, 4].map((number) => `192.0.2.${number} d/s${number} uid-${number} autoAssign 7`),
  );
  assert.deepEqual(claimed, ["d/s1", "d/s2", "d/s3", "d/s4"]);
});
