import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { arrows } from "../check/rooms.ts";

const root = join(import.meta.dirname, "../..");
const architecture = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
const rows = architecture
  .split("\n")
  .flatMap((line) => (line.startsWith("|") ? [line.split("|").map((cell) => cell.trim())] : []));

/** What stands between backticks. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

test("the table of rooms in ARCHITECTURE.md has the rooms and arrows that the check holds imports to", () => {
  const written = rows.flatMap(([, room = "", , mayUse]) => {
    const [name] = namesIn(room);
    if (name?.endsWith("/") !== true || mayUse === undefined) return [];
    return [[name.slice(0, -1), mayUse === "everything" ? ["*"] : namesIn(mayUse)] as const];
  });
  assert.deepEqual(Object.fromEntries(written), arrows);
});

test("every dependency has a line in ARCHITECTURE.md, and no other has", async () => {
  const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
  const start = rows.findIndex(([, head]) => head === "needed to run");
  const end = rows.findIndex(([, head], index) => index > start && head === "");
  const written = rows.slice(start, end === -1 ? undefined : end).flatMap(([, what = ""]) => namesIn(what));
  const needed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  assert.deepEqual(written.sort(), needed.sort());
});
