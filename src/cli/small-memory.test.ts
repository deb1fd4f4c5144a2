import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import koffi from "koffi";
import { keepMemorySmall } from "./small-memory.ts";

/** What this process has of the machine's memory that is not a file's, in MiB. */
function anonymous(): number {
  return Number(/^RssAnon:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1_024;
}

test("memory that was freed between what is still in use goes back to the kernel", async () => {
  const before = anonymous();
  const pieces = Array.from({ length: 64 * 1_024 }, () => {
    const piece = koffi.alloc("uint8_t", 1_024) as object; // koffi's own kind of pointer
    koffi.encode(piece, "uint8_t", 1);
    return piece;
  });
  const full = anonymous();
  assert.ok(full - before >= 60, `${full} MiB from ${before}`);
  for (const piece of pieces.slice(0, -1)) koffi.free(piece);
  assert.ok(anonymous() >= before + 60, "the C library has kept it");
  keepMemorySmall();
  while (anonymous() > full - 50) await wait(100);
  koffi.free(pieces.at(-1));
});
