import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { StoryReport } from "../../src/lab/index.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

test("with BFD the switch learns of a node that dies by BFD, without by its hold timer, and what clients lose is measured", async () => {
  const args = ["lab", "run", "loss-windows", "--bfd", "50x3", "--faults", "1", "--json"];
  const story = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await Promise.all([
    story.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    once(story, "close"),
  ]);
  const report = JSON.parse(text) as StoryReport;
  assert.deepEqual(
    report.steps.filter((step) => !step.ok),
    [],
  );
  assert.equal(story.exitCode, 0);
  const measured = report.lossWindows?.map((row) => [row.detection, row.externalTrafficPolicy, row.faults]);
  assert.deepEqual(measured, [
    ["without BFD", "Cluster", 1],
    ["without BFD", "Local", 1],
    ["50 ms x 3", "Cluster", 1],
    ["50 ms x 3", "Local", 1],
  ]);
});
