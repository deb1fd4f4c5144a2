import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import type { AddressBlock } from "../../kubernetes/resources/index.ts";
import { AddressLedger, type LedgerHandlers, type LedgerOptions } from "./address-ledger.ts";
import type { AddressApi } from "./address-api.ts";
import { at, blockOf } from "./testing.ts";

/** A ledger on an API server that takes all that is written. */
function ledgerOn(api: Partial<AddressApi> = {}, handlers: Partial<LedgerHandlers> = {}, options: LedgerOptions = {}) {
  const written: AddressBlock[] = [];
  const whole: AddressApi = {
    readService: () => assert.fail("nothing is released"),
    readBlock: () => assert.fail("nobody else writes"),
    writeIngress: () => assert.fail("the ledger writes no status"),
    renew: () => assert.fail("nobody reserves"),
    writeBlock: async (block) => {
      const stored = { ...block, metadata: { ...block.metadata, resourceVersion: String(written.length + 8) } };
      written.push(stored);
      return stored;
    },
    ...api,
  };
  const ledger = new AddressLedger(
    whole,
    { version: () => undefined, all: () => [] },
    {
      onHeld: () => undefined,
      onClaimed: () => undefined,
      isWanted: () => true,
      isDecidedOn: () => true,
      onFailure: (block, error) => assert.fail(`${block}: ${String(error)}`),
      ...handlers,
    },
    options,
  );
  const claim = (number: number) =>
    ledger.claim({ address: at(number), uid: `uid-${number}`, service: `d/s${number}`, why: "autoAssign", seen: "7" });
  return { ledger, written, claim };
}

test("the first address is written at once, and those that follow soon are written together", async () => {
  const claimed: string[] = [];
  const onClaimed = (services: ReadonlySet<string>) => void claimed.push(...services);
  const { ledger, written, claim } = ledgerOn({}, { onClaimed }, { gather: { firstMs: 500, mostMs: 500 } });
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

test("what a later version wrote stays as it is written", async () => {
  const { ledger, written, claim } = ledgerOn();
  const later = ["192.0.2.9 d/nine uid-9 leased 3 until=noon", "range 192.0.2.16/28"];
  ledger.observe([blockOf("7", ...later)]);
  claim(1);
  await ledger.idle();
  assert.deepEqual(written.at(-1)?.spec.owned, [...later, "192.0.2.1 d/s1 uid-1 autoAssign 7"]);
});

test("a Service that cannot be read holds up its own address, and no other", async () => {
  const failures: string[] = [];
  const { ledger, written, claim } = ledgerOn(
    {
      readService: async (key) => {
        if (key === "d/s2") throw new Error("not what a Service looks like");
        return undefined;
      },
    },
    { isWanted: () => false, onFailure: (_, error) => void failures.push(String(error)) },
  );
  const lines = [2, 3].map((number) => `192.0.2.${number} d/s${number} uid-${number} autoAssign 6`);
  ledger.observe([blockOf("7", ...lines)]);
  for (const number of [2, 3])
    ledger.release({ address: at(number), uid: `uid-${number}`, service: `d/s${number}`, why: "autoAssign" });
  claim(1);
  await ledger.idle();
  assert.deepEqual(written.at(-1)?.spec.owned, [lines[0], "192.0.2.1 d/s1 uid-1 autoAssign 7"]);
  assert.ok(failures.every((each) => each.includes("not what a Service looks like")) && failures.length > 0);
});
