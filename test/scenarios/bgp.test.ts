import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { labs } from "../../src/lab/index.ts";
import { readManifest } from "../../src/lab/lab-folder.ts";
import { told } from "./told.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "../../src/cli/main.ts");

function fairlead(...args: readonly string[]) {
  return spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

async function namespacesOf(lab: string): Promise<string[]> {
  const { stdout } = await run("ip", ["-json", "netns", "list"]);
  const found = JSON.parse(stdout || "[]") as { name: string }[];
  return found.map((each) => each.name).filter((name) => name.startsWith(`fl-${lab}-`));
}

test("every line of the scenario bgp is seen, by resources and by the old ConfigMap, and told as one JSON object", async () => {
  const report = await told("bgp");
  for (const way of ["resources", "legacy-configmap"]) {
    for (const line of ["1.", "2.", "3.", "4.", "5.", "6."]) {
      assert.ok(
        report.steps.some((step) => step.name.startsWith(`${way}: ${line}`)),
        `${way} line ${line}`,
      );
    }
    const dead = report.phases.find((phase) => phase.name === `${way}: dead`);
    assert.ok(
      dead && dead.failed > 0 && dead.lossWindowMs > 1_000,
      "a node that dies without BFD is seen to cost seconds",
    );
  }
});

test("a lab that is left up can be looked at, and is gone after down", async () => {
  const before = await labs();
  const up = fairlead("lab", "up", "bgp");
  const [text] = await Promise.all([
    up.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    once(up, "close"),
  ]);
  assert.equal(up.exitCode, 0);
  const id = /Lab ([a-z0-9]+) is up/.exec(text)?.[1] ?? "";
  try {
    assert.ok(!before.includes(id) && (await labs()).includes(id));
    const kubectl = /kubectl +(.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
    const { stdout } = await run(kubectl[0] ?? "", kubectl.slice(1));
    assert.match(stdout, /service\/ng-svc/);
  } finally {
    await run(process.execPath, [main, "lab", "down", id]);
  }
  assert.ok(!(await labs()).includes(id));
  assert.deepEqual(await namespacesOf(id), []);
});

test("Ctrl-C while a scenario runs leaves nothing behind", async () => {
  const story = fairlead("lab", "run", "bgp");
  let id: string | undefined;
  while (id === undefined && story.exitCode === null) {
    await new Promise((resolve) => void setTimeout(resolve, 50));
    for (const lab of await labs()) if ((await readManifest(lab))?.owner?.pid === story.pid) id = lab;
  }
  assert.ok(id !== undefined);
  await once(story.stdout, "data");
  story.stdout.resume();
  story.kill("SIGINT");
  await once(story, "close");
  assert.equal(story.exitCode, 1);
  assert.ok(!(await labs()).includes(id));
  assert.deepEqual(await namespacesOf(id), []);
});
