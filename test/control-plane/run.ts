// The tests that need Kubernetes' own control plane. Not a part of `npm test`: what they need is built from its sources,
// and they take some minutes.
//   npm run test:kubernetes [-- FILE…]
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { controlPlanePrograms } from "../../setup/kubernetes.ts";

const root = join(import.meta.dirname, "../..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync("test/control-plane/tests/*.ts", { cwd: root }).sort();

const argv = [
  "--test",
  // Each file has a control plane of its own: two at once want more than two cores have.
  "--test-concurrency=1",
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${join(root, "test/reporter.ts")}`,
  "--test-reporter-destination=stdout",
  ...files,
];
const env = { ...process.env, KUBEBUILDER_ASSETS: controlPlanePrograms() };
process.exitCode = spawnSync(process.execPath, argv, { cwd: root, stdio: "inherit", env }).status ?? 1;
