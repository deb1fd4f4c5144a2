import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { StoryReport } from "../../src/lab/index.ts";

const root = join(import.meta.dirname, "../..");

/** What `fairlead lab run … --json` prints of a story of which every step was seen. */
export async function told(story: string, ...options: readonly string[]): Promise<StoryReport> {
  const { report, status } = await toldBy("src/cli/main.ts", story, ...options);
  assert.deepEqual(
    report.steps.filter((step) => !step.ok),
    [],
  );
  assert.equal(report.scenario, story);
  assert.equal(report.ok, true);
  assert.equal(status, 0);
  return report;
}

/** What it prints whether all was seen or not, by the sources or by what is compiled of them. */
export async function toldBy(
  program: string,
  story: string,
  ...options: readonly string[]
): Promise<{ readonly report: StoryReport; readonly status: number | null }> {
  const argv = [join(root, program), "lab", "run", story, ...options, "--json"];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await Promise.all([
    child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    once(child, "close"),
  ]);
  return { report: JSON.parse(text) as StoryReport, status: child.exitCode };
}
