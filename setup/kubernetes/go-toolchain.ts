import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { installDebianPackages } from "../set-up.mjs";
import { goEnvironment } from "./go-environment.ts";
import { downloadedModule } from "./go-module.ts";

/** What Kubernetes asks of Go, by its go.mod. */
const neededMinor = 26;

/**
 * Go's own distribution is a module too (go.dev/doc/toolchain), which even an old go can download. The sums are those
 * of sum.golang.org.
 */
const toolchain = { version: "1.26.7", module: "golang.org/toolchain" };
const sums: Readonly<Record<string, string>> = {
  amd64: "h1:BbG1DRIqH1ZVMRnQg/4M6jtOJjMFUusUjI+kXRBWqE8=",
  arm64: "h1:3daC5cZuthisv2y8yd9iERt0sN0KIW5fFKNTbnxpDEA=",
};

/** The path of a go that is new enough: the machine's, or else one that the machine's older go has downloaded to `cache`. */
export function newEnoughGo(cache: string, say: (line: string) => void): string {
  if (minorOf("go") >= neededMinor) return "go";
  const folder = join(cache, `go-${toolchain.version}`);
  const go = join(folder, "bin/go");
  if (existsSync(go)) return go;
  if (minorOf("go") === 0) installDebianPackages(join(import.meta.dirname, "debian-packages.txt"));
  say(`downloading Go ${toolchain.version}`);
  unpack(downloadedToolchain(), folder);
  return go;
}

/** 0 where there is none. */
function minorOf(go: string): number {
  const asked = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8", env: { ...process.env, ...goEnvironment } });
  return Number(/^go1\.(\d+)/.exec(asked.stdout ?? "")?.[1] ?? 0);
}

/** The folder in go's module cache. */
function downloadedToolchain(): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  return downloadedModule("go", `${toolchain.module}@v0.0.1-go${toolchain.version}.linux-${arch}`, sums[arch]);
}

/** A module has no executable files, and no go.mod below its root: the one go sets right, the other is called _go.mod. */
function unpack(from: string, folder: string): void {
  const scratch = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(from, scratch, { recursive: true });
  execFileSync("chmod", ["-R", "u+w", scratch]);
  for (const file of globSync("**/_go.mod", { cwd: scratch })) {
    renameSync(join(scratch, file), join(scratch, dirname(file), basename(file).slice(1)));
  }
  for (const programs of ["bin", ...globSync("pkg/tool/*", { cwd: scratch })]) {
    for (const file of readdirSync(join(scratch, programs))) chmodSync(join(scratch, programs, file), 0o755);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(scratch, folder);
}
