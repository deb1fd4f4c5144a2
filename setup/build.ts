// What is published: src/ compiled to JavaScript and declarations, in dist/, and the programs in as few files as there
// are commands.
//   npm run build
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { extname, join } from "node:path";
import { bundlePrograms } from "./bundle.ts";

const root = join(import.meta.dirname, "..");

/** The files beside the code that it reads when it runs. */
const readAtRunTime = new Set(["", ".yaml"]);

/** Compiles into an empty dist/. Throws where the compiler complains, which it does on standard output. */
export async function build(): Promise<void> {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, "node_modules/.bin/tsc");
  // Standard output is not this function's to write to: a caller may print JSON there.
  execFileSync(tsc, ["-p", "tsconfig.build.json"], { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
  cpSync(join(root, "src"), dist, { recursive: true, filter: (file) => readAtRunTime.has(extname(file)) });
  await bundlePrograms(dist);
  // `npx fairlead` in a checkout runs it as it is.
  chmodSync(join(dist, "cli/main.js"), 0o755);
}

if (import.meta.main) await build();
