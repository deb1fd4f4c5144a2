// What is published: src/ compiled to JavaScript and declarations, in dist/.
//   npm run build
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { extname, join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The files beside the code that it reads when it runs. */
const readAtRunTime = new Set(["", ".yaml"]);

/** Compiles into an empty dist/. Throws where the compiler complains, which it does on standard output. */
export function build(): void {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, "node_modules/.bin/tsc");
  // Standard output is not this function's to write to: a caller may print JSON there.
  execFileSync(tsc, ["-p", "tsconfig.build.json"], { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
  cpSync(join(root, "src"), dist, { recursive: true, filter: (file) => readAtRunTime.has(extname(file)) });
  // `npx fairlead` in a checkout runs it as it is.
  chmodSync(join(dist, "cli/main.js"), 0o755);
}

if (import.meta.main) build();
