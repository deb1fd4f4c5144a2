import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "../../net/index.ts";
import type { Service } from "../../kubernetes/resources/index.ts";
import { AddressLedger, type Claim } from "./address-ledger.ts";
import type { AddressApi } from "./address-api.ts";
import { OthersReservations } from "./others-reservations.ts";
import { at, blockOf } from "./testing.ts";
import { Windows } from "./window.ts";

const windows = { leastVersions: 10n, lastsSeconds: 0, renewedSeconds: 3_600 };

/** An API server that takes each write when it is let, and says what was written. */
function apiServer() {
  const written: string[][] = [];
  let gate: Promise<void> = Promise.resolve();
  const api: AddressApi = {
    readService: () => assert.fail("nothing is released"),
    readBlock: () => assert.fail("nobody else writes"),
    writeIngress: () => assert.fail("the ledger writes no status"),
    renew: () => assert.fail("nobody else reserves"),
    writeBlock: async (block) => {
      await gate;
      // Which controller it is, is by chance.
      written.push(block.spec.owned.map((line) => line.replace(/[0-9a-f-]{36}/, "ID")));
      return { ...block, metadata: { ...block.metadata, resourceVersion: String(written.length) } };
    },
  };
  const shut = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { api, written, shut };
}

function ledgerOn(api: AddressApi, state: { version: bigint }): AddressLedger {
  const handlers = {
    onHeld: () => undefined,
    onClaimed: () => undefined,
    isWanted: () => true,
    isDecidedOn: () => true,
    onFailure: (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`),
  };
  const services = { version: () => state.version, all: () => [] };
  return new AddressLedger(api, services, handlers, { windows: new Windows(windows) });
}

/** A ledger that has reserved an address. */
async function reserving(state = { version: 100n }) {
  const server = apiServer();
  const ledger = ledgerOn(server.api, state);
  ledger.reserve(at(1));
  await ledger.idle();
  return { ...server, ledger };
}

function claimOf(number: number, seen: string): Claim {
  return { address: at(number), uid: `uid-${number}`, service: `d/s${number}`, why: "autoAssign", seen };
}

test("what is reserved is its owner's before that is written, and the next is reserved with it", async () => {
  const { written, shut, ledger } = await reserving();
  assert.deepEqual(written, [["192.0.2.1 - ID reserved 100-110"]]);
  const open = shut();
  assert.equal(ledger.take(claimOf(1, "103")), true);
  assert.equal(ledger.seen("uid-1", at(1)), "103");
  ledger.reserve(at(2));
  open();
  await ledger.idle();
  assert.deepEqual(written.slice(1), [["192.0.2.1 d/s1 uid-1 autoAssign 103", "192.0.2.2 - ID reserved 100-110"]]);
  assert.equal(ledger.take(claimOf(1, "104")), false, "only once");
});

for (const { seen, version, why } of [
  { seen: "100", version: 100n, why: "as it was when the address was reserved, or before" },
  { seen: "111", version: 111n, why: "as it was after the window" },
  { seen: "105", version: 99n, why: "known to be of an older history" },
  { seen: "one", version: 100n, why: "whose version is no number" },
]) {
  test(`what is reserved is not for a Service ${why}`, async () => {
    const state = { version: 100n };
    const { ledger } = await reserving(state);
    state.version = version;
    assert.equal(ledger.take(claimOf(1, seen)), false);
  });
}

test("what is reserved cannot be taken while its block is being written", async () => {
  const { written, shut, ledger } = await reserving();
  const open = shut();
  ledger.reserve(at(2));
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(ledger.take(claimOf(1, "105")), false);
  open();
  await ledger.idle();
  assert.deepEqual(written.at(-1), ["192.0.2.2 - ID reserved 100-110"]);
});

test("a reservation is renewed when its window is half over", async () => {
  const state = { version: 100n };
  const { written, ledger } = await reserving(state);
  state.version = 105n;
  ledger.retry();
  await ledger.idle();
  assert.equal(written.length, 1);
  state.version = 106n;
  ledger.retry();
  await ledger.idle();
  assert.deepEqual(written.slice(1), [["192.0.2.1 - ID reserved 106-116"]]);
});

test("what another controller has freed is reserved again when a later version is known, and not before", async () => {
  const state = { version: 100n };
  const { written, ledger } = await reserving(state);
  ledger.observe([blockOf("9")]);
  ledger.retry();
  await ledger.idle();
  assert.equal(written.length, 1);
  state.version = 101n;
  ledger.retry();
  await ledger.idle();
  assert.deepEqual(written.slice(1), [["192.0.2.1 - ID reserved 101-111"]]);
});

test("at the end what is reserved is given back, and what was taken is written", async () => {
  const { api, written, ledger } = await reserving();
  await ledger.giveBack(api);
  assert.deepEqual(written.slice(1), [[]]);
});

const reserved = { address: at(1), uid: "other", service: "-", why: "reserved", seen: "100-110" } as const;

function serviceAt(
  version: string,
  ip: string | undefined,
  type: "LoadBalancer" | "ClusterIP" = "LoadBalancer",
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s", namespace: "d", uid: "u", resourceVersion: version },
    spec: { type, sessionAffinity: "None" },
    status: { loadBalancer: { ingress: ip === undefined ? [] : [{ ip }] } },
  };
}

test("another controller's reservation is free when nobody can be given it any more", () => {
  const known = (version: bigint, ...services: Service[]) => {
    const others = new OthersReservations({ version: () => version, all: () => services });
    return others.isUnused(reserved) ? "unused" : others.isGiven(reserved) ? "given" : "unknown";
  };
  assert.equal(known(109n), "unknown", "there may come a Service of version 110");
  assert.equal(known(110n), "unused");
  assert.equal(known(200n, serviceAt("105", undefined)), "unknown", "its status may be on its way");
  assert.equal(known(200n, serviceAt("one", undefined)), "unknown");
  assert.equal(known(200n, serviceAt("105", undefined, "ClusterIP")), "unused");
  assert.equal(known(200n, serviceAt("100", undefined), serviceAt("111", undefined)), "unused");
  assert.equal(known(200n, serviceAt("105", "192.0.2.9")), "unused");
  assert.equal(known(200n, serviceAt("106", "192.0.2.1")), "given");
  assert.equal(known(109n, serviceAt("106", "192.0.2.1")), "unknown", "it may have been somebody's before");
});

test("what another controller has reserved is read as that, whatever block it is in", () => {
  const held: string[] = [];
  const { api } = apiServer();
  const ledger = new AddressLedger(
    api,
    { version: () => 100n, all: () => [] },
    {
      onHeld: (come) => held.push(...come.map(({ address, why }) => `${formatAddress(address)} ${why}`)),
      onClaimed: () => undefined,
      isWanted: () => true,
      isDecidedOn: () => true,
      onFailure: () => undefined,
    },
  );
  ledger.observe([blockOf("7", "192.0.2.1 - other reserved 100-110")]);
  assert.deepEqual(held, ["192.0.2.1 reserved"]);
  assert.equal(ledger.take(claimOf(1, "105")), false);
});
