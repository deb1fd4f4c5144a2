import assert from "node:assert/strict";
import { test } from "node:test";
import { peerConfigOf } from "./peer-config.ts";
import { address } from "../../net/testing.ts";
import { plannedPeer } from "./testing.ts";

const own = { 4: address("10.10.2.112"), 6: address("2001:db8::112") };

test("routes lead to the session's address, and to the node's own where the annotation says so", () => {
  const nextHops = (about: Parameters<typeof plannedPeer>[0]) =>
    peerConfigOf(plannedPeer({ families: [4], ...about }), own, () => undefined).nextHops;
  assert.deepEqual(nextHops({}), {});
  assert.deepEqual(nextHops({ nextHop: "node" }), { 4: own[4] });
  assert.deepEqual(nextHops({ nextHop: "node", families: [4, 6] }), own);
});
