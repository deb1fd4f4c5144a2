import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { wrongArrows } from "./rooms.ts";

function rooms(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-rooms-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return wrongArrows(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a room that imports downwards through the door is fine", () => {
  assert.deepEqual(rooms({ "plan/a.ts": 'import { x } from "../net/index.ts";' }), []);
});

test("a room that imports upwards is named", () => {
  assert.deepEqual(rooms({ "plan/a.ts": 'import { x } from "../node/index.ts";' }), [
    "plan/a.ts: imports node/index.ts, but plan/ may use net, kubernetes/resources",
  ]);
});

test("an upward import of types, a re-export and a dynamic import count too", () => {
  const found = rooms({
    "net/a.ts": 'import type { X } from "../plan/index.ts";',
    "net/b.ts": 'export { x } from "../plan/index.ts";',
    "net/c.ts": 'export const x = () => import("../plan/index.ts");',
  });
  assert.equal(found.length, 3);
});

test("a room is entered through its index.ts only", () => {
  assert.deepEqual(rooms({ "plan/a.ts": 'import { x } from "../net/address.ts";' }), [
    "plan/a.ts: imports net/address.ts; a room is entered through its index.ts",
  ]);
});

test("what a room has for tests is for tests of all rooms, and for nothing else", () => {
  assert.deepEqual(
    rooms({
      "plan/a.test.ts": 'import { x } from "../net/testing.ts";',
      "plan/a.ts": 'import { x } from "../net/testing.ts";',
    }),
    ["plan/a.ts: imports net/testing.ts; a room is entered through its index.ts"],
  );
});
