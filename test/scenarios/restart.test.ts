import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { StoryReport } from "../../src/lab/index.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

test("agents that are killed or succeeded cost no route and no request", async () => {
  const args = [main, "lab", "run", "restart", "--json"];
  const story = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await Promise.all([
    story.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    once(story, "close"),
  ]);
  const report = JSON.parse(text) as StoryReport;
  assert.deepEqual(
    report.steps.filter((step) => !step.ok),
    [],
  );
  assert.equal(report.scenario, "restart");
  assert.equal(report.steps.length, 7);
  assert.equal(story.exitCode, 0);
});
