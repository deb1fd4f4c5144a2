import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { StoryReport } from "../../src/lab/index.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

test("a node that dies costs clients less with BFD than without, for both traffic policies", async () => {
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
  const windowOf = (detection: string, policy: string) => {
    const row = report.lossWindows?.find(
      (each) => each.detection === detection && each.externalTrafficPolicy === policy,
    );
    assert.ok(row !== undefined && row.failed > 0, `${detection}, ${policy}`);
    return row.medianMs;
  };
  for (const policy of ["Cluster", "Local"]) {
    assert.ok(windowOf("50 ms x 3", policy) < windowOf("without BFD", policy), policy);
  }
});
