// The scenario as it is told on the embedded API server, told on Kubernetes' own control plane.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { StoryReport } from "../../../src/lab/index.ts";

const main = join(import.meta.dirname, "../../../src/cli/main.ts");

for (const proxy of ["fairlead", "kube-proxy"]) {
  test(`every line of the scenario bgp is seen on Kubernetes' own control plane, with ${proxy} for a proxy`, async () => {
    const argv = [main, "lab", "run", "bgp", "--json", "--api", "kubernetes", "--proxy", proxy];
    const story = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    const [chunks] = await Promise.all([story.stdout.toArray(), once(story, "close")]);
    const report = JSON.parse(Buffer.concat(chunks).toString()) as StoryReport;
    assert.deepEqual(
      report.steps.filter((step) => !step.ok),
      [],
    );
    assert.equal(story.exitCode, 0);
  });
}
