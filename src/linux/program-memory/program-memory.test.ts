import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { giveBackProgram } from "./index.ts";

/** What this process has of the machine's memory that is a file's, in MiB. */
function ofFiles(): number {
  return Number(/^RssFile:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1_024;
}

test("what the start alone needed of the program is given back", () => {
  const before = ofFiles();
  giveBackProgram();
  assert.ok(ofFiles() < before - 10, `${ofFiles()} MiB after ${before}`);
});
