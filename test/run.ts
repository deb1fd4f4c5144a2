// All the tests: first what `npm run check` looks at, then every *.test.ts, and a closing line with the counts.
//   npm test [-- FILE…]     the given test files only, without the check
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: root }).sort();

const checked = named.length > 0 ? 0 : node(["test/check/run.ts"]);
const tested = node([
  "--test",
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${join(root, "test/reporter.ts")}`,
  "--test-reporter-destination=stdout",
  ...files,
]);
process.exitCode = checked || tested;

function node(args: readonly string[]): number {
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}
