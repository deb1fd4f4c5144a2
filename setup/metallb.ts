// MetalLB itself, for the benchmark that measures it beside Fairlead: built from its Go module, once.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { goEnvironment, newEnoughGo } from "./kubernetes/go-toolchain.ts";

/** The newest that is built by `go install`: later ones have a go.mod that replaces modules. */
const version = "0.13.12";
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fairlead");
const names = ["controller", "speaker"] as const;

export interface MetallbPrograms {
  readonly controller: string;
  readonly speaker: string;
  /** What the programs are called in a table. */
  readonly version: string;
}

/** Builds what is missing. `METALLB_CONTROLLER` and `METALLB_SPEAKER` name programs to use instead. */
export function metallbPrograms(): MetallbPrograms {
  const given = { controller: process.env["METALLB_CONTROLLER"], speaker: process.env["METALLB_SPEAKER"] };
  if (given.controller !== undefined && given.speaker !== undefined) {
    for (const path of [given.controller, given.speaker]) if (!existsSync(path)) throw new Error(`there is no ${path}`);
    return { controller: given.controller, speaker: given.speaker, version: "as given" };
  }
  const folder = join(cache, `metallb-${version}`);
  if (names.some((name) => !existsSync(join(folder, name)))) install(folder);
  return {
    controller: given.controller ?? join(folder, "controller"),
    speaker: given.speaker ?? join(folder, "speaker"),
    version,
  };
}

function install(folder: string): void {
  const go = newEnoughGo(cache, say);
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  say(`building MetalLB ${version} with Go: about two minutes of processor time, once`);
  const packages = names.map((name) => `go.universe.tf/metallb/${name}@v${version}`);
  try {
    execFileSync(go, ["install", "-trimpath", "-ldflags", "-s -w", ...packages], {
      // Not in the project, whose go.mod files are others'.
      cwd: tmpdir(),
      env: { ...process.env, ...goEnvironment, GOBIN: scratch },
      stdio: ["ignore", 2, 2],
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stderr.write(`metallb: ${line}\n`);
}
