import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionState } from "./packet.ts";
import { transition } from "./state-machine.ts";

// A row for each state of ours, a column for each that the neighbour tells: admin-down, down, init, up.
const table: readonly (readonly [SessionState, ...(readonly SessionState[])])[] = [
  ["admin-down", "admin-down", "admin-down", "admin-down", "admin-down"],
  ["down", "down", "init", "up", "down"],
  ["init", "down", "init", "up", "up"],
  ["up", "down", "down", "up", "up"],
];
const told: readonly SessionState[] = ["admin-down", "down", "init", "up"];

for (const [ours, ...outcomes] of table) {
  for (const [column, outcome] of outcomes.entries()) {
    const theirs = told[column] ?? "down";
    const result = outcome === ours ? "stays" : `becomes ${outcome}`;
    test(`${ours}, told ${theirs}, ${result} (RFC 5880 §6.2)`, () => {
      assert.equal(transition(ours, theirs)?.state ?? ours, outcome);
    });
  }
}

test("only what takes a session down by the neighbour's word has a diagnostic", () => {
  assert.equal(transition("up", "down")?.diagnostic, "neighbor-signaled-down");
  assert.equal(transition("init", "admin-down")?.diagnostic, "neighbor-signaled-down");
  assert.equal(transition("down", "down")?.diagnostic, "none");
  assert.equal(transition("init", "up")?.diagnostic, "none");
});
