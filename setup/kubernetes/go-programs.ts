import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { goEnvironment } from "./go-environment.ts";
import { newEnoughGo } from "./go-toolchain.ts";

/** Programs of one module, as `go install` builds them. */
export interface GoPrograms {
  readonly name: string;
  readonly version: string;
  /** Their packages, each of which is called as its program. */
  readonly packages: readonly string[];
  /** What building costs, for who waits. */
  readonly cost: string;
}

/** What is built is kept here, for every checkout of this user. */
export const programCache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fairlead");

/** The folder that they are in; they are built if it has not all of them. */
export function goPrograms(programs: GoPrograms): string {
  const folder = join(programCache, `${programs.name}-${programs.version}`);
  if (programs.packages.some((each) => !existsSync(join(folder, basename(each))))) install(programs, folder);
  return folder;
}

function install({ name, version, packages, cost }: GoPrograms, folder: string): void {
  const say = (line: string) => void process.stderr.write(`${name}: ${line}\n`);
  const go = newEnoughGo(programCache, say);
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  say(`building ${version} with Go: ${cost}, once`);
  try {
    const versioned = packages.map((each) => `${each}@v${version}`);
    execFileSync(go, ["install", "-trimpath", "-ldflags", "-s -w", ...versioned], {
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
