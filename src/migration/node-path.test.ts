import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePath } from "./node-path.ts";

test("where a router refuses a second session, who is there goes before the other comes", () => {
  assert.deepEqual(nodePath("metallb", "fairlead", "gap"), ["none", "fairlead"]);
  assert.deepEqual(nodePath("fairlead", "metallb", "gap"), ["none", "metallb"]);
});

test("where it knows a second address, who comes is there before the other goes", () => {
  assert.deepEqual(nodePath("metallb", "fairlead", "overlap"), ["both", "fairlead"]);
  assert.deepEqual(nodePath("fairlead", "metallb", "overlap"), ["both", "metallb"]);
});

test("a node whose move was interrupted goes on, whichever way is asked for", () => {
  for (const to of ["fairlead", "metallb"] as const) {
    for (const from of ["both", "none"] as const) {
      for (const way of ["gap", "overlap"] as const) assert.deepEqual(nodePath(from, to, way), [from, to]);
    }
  }
});

test("a node that is there already is only looked at", () => {
  assert.deepEqual(nodePath("fairlead", "fairlead", "gap"), ["fairlead"]);
});
