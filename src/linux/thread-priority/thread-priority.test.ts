import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ThreadPriority } from "./index.ts";

/** Scheduling policy of each thread of this process by its number (proc_pid_stat(5), field 41). */
function policies(): Map<string, string | undefined> {
  return new Map(
    readdirSync("/proc/self/task").map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
      return [thread, stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]];
    }),
  );
}

test("only the thread that asks comes before others, and is told how far", async () => {
  const door = new URL("./index.ts", import.meta.url).href;
  const code = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(door)}).then(({ raiseThreadPriority }) => parentPort.postMessage(raiseThreadPriority()));
    parentPort.once("message", () => {});
  `;
  const worker = new Worker(code, { eval: true });
  const granted = await new Promise<ThreadPriority>((resolve) => void worker.once("message", resolve));
  const realTime = [...policies()].filter(([, policy]) => policy === "2");
  assert.equal(realTime.length, granted === "real-time" ? 1 : 0);
  assert.notEqual(realTime[0]?.[0], String(process.pid));
  await worker.terminate();
});
