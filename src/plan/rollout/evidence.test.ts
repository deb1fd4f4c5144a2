import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEvidence, type SessionSight } from "./evidence.ts";

const none = { 4: 0, 6: 0 };
const up = (announced = none): SessionSight => ({ state: "Established", announced });

function missing(parts: Partial<Parameters<typeof missingEvidence>[0]>) {
  return missingEvidence({
    atStake: ["switch"],
    before: new Map([["switch", { 4: 3, 6: 1 }]]),
    planned: new Map([["switch", { 4: 3, 6: 1 }]]),
    seen: new Map([["switch", up({ 4: 3, 6: 1 })]]),
    ...parts,
  });
}

test("nothing is missing while the session is there and announced what it was", () => {
  assert.equal(missing({}), undefined);
});

test("a session that was there and is not is missing, with what it said last", () => {
  const seen = new Map([["switch", { state: "Active", announced: none, lastError: "Bad Peer AS" }]]);
  const why = { code: "sessionLost", peer: "switch", state: "Active", lastError: "Bad Peer AS" };
  assert.deepEqual(missing({ seen }), why);
});

test("a peer that the user took away, and routes that he took away, are meant", () => {
  assert.equal(missing({ planned: new Map(), seen: new Map() }), undefined);
  const fewer = new Map([["switch", { 4: 1, 6: 0 }]]);
  assert.equal(missing({ planned: fewer, seen: new Map([["switch", up({ 4: 1, 6: 0 })]]) }), undefined);
});

test("routes that are still meant and are not announced are missing, by family", () => {
  const seen = new Map([["switch", up({ 4: 3, 6: 0 })]]);
  assert.deepEqual(missing({ seen }), { code: "routesLost", peer: "switch", announced: 0, expected: 1 });
  const planned = new Map([["switch", { 4: 9, 6: 9 }]]);
  assert.equal(missing({ planned }), undefined, "more than before is no evidence");
});

test("a session that never was there proves nothing", () => {
  const planned = new Map([["switch", { 4: 3, 6: 1 }], ["new", none]]); // prettier-ignore
  assert.equal(missing({ planned }), undefined);
});
