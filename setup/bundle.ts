// An agent's memory and the time until it speaks are for the most part those of its modules: some hundred files, and all
// the languages that a library speaks. In one file for each command there is only what is used.
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * An import of these gives names to all that they have, and what is behind some of the names is then loaded: a second
 * HTTP client, four MiB in every agent that does without it.
 */
const namedOneByOne: Plugin = {
  name: "named-one-by-one",
  setup(bundle) {
    bundle.onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({
      path: path.replace(/^node:/, ""),
      namespace: "builtin",
    }));
    bundle.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}");`,
    }));
  },
};

/** CommonJS packages ask for Node's own modules in this way. */
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Puts the programs of cli/ in the place of their many files; what they load of other rooms is in them. */
export async function bundlePrograms(dist: string): Promise<void> {
  const programs = join(dist, "cli");
  const bundled = join(dist, "bundled");
  await build({
    absWorkingDir: dist,
    // Names of files are in what is written: the same wherever the packages are.
    preserveSymlinks: true,
    entryPoints: { main: "cli/main.js", "bfd-thread": "node/bfd/bfd-thread.js" },
    outdir: bundled,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // The lab reads files beside its own; koffi is machine code; yaml is loaded where it is needed, as it is.
    external: ["../lab/*", "koffi", "yaml"],
    plugins: [namedOneByOne],
    banner: { js: banner },
    logLevel: "warning",
  });
  rmSync(programs, { recursive: true });
  renameSync(bundled, programs);
}
