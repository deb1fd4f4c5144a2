// Types, lint, formatting, unused code, the arrows between the rooms. Ends with status 0 when all are as they should be.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { wrongArrows } from "./rooms.ts";

const root = join(import.meta.dirname, "../..");

const tools: readonly (readonly [what: string, command: string, ...args: string[]])[] = [
  ["types", "tsc", "-p", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings", "src", "test", "bench", "setup"],
  ["formatting", "oxfmt", "--check", "."],
  ["unused code", "knip", "--no-progress"],
];

let failed = 0;
for (const [what, command, ...args] of tools) {
  const ran = spawnSync(join(root, "node_modules/.bin", command), args, { cwd: root, encoding: "utf8" });
  report(what, ran.status === 0 ? [] : [ran.error?.message ?? "", ran.stdout, ran.stderr]);
}
report("arrows between the rooms", wrongArrows(join(root, "src")));
process.exitCode = failed === 0 ? 0 : 1;

function report(what: string, complaints: readonly string[]): void {
  process.stderr.write(`check: ${what}: ${complaints.length === 0 ? "ok" : "failed"}\n`);
  if (complaints.length === 0) return;
  failed += 1;
  process.stderr.write(`${complaints.filter((text) => text !== "").join("\n")}\n`);
}
