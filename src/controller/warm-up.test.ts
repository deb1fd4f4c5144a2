import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { pino } from "pino";
import { warmUpController } from "./warm-up.ts";

const log = pino({ level: "silent" });

test("a warm-up gives addresses to the end, and leaves nothing open", async () => {
  await warmUpController(log, new AbortController().signal);
  // Handles are closed in the turns of the event loop that follow.
  while (open().length > 0) await turnOfTheLoop();
});

test("a process that is stopped stops its warm-up", async () => {
  const stop = new AbortController();
  const warmUp = warmUpController(log, stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 100);
  await assert.rejects(warmUp, /stopped/);
});

/** Sockets and servers of this process. */
function open(): readonly string[] {
  return process.getActiveResourcesInfo().filter((each) => each.startsWith("TCP"));
}
