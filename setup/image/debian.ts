import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { architectures, packageChoices, type Architecture } from "./contents.ts";

/** A package as the lock names it: this version, and these very octets. */
interface LockedPackage {
  readonly architecture: Architecture;
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

const lockFile = join(import.meta.dirname, "debian-packages.lock");

function lockedPackages(architecture: Architecture): LockedPackage[] {
  const lines = readFileSync(lockFile, "utf8").split("\n");
  const locked = lines.flatMap((line) => {
    const [of, name, version, sha256] = line.split(" ");
    if (of !== architecture || name === undefined || version === undefined || sha256 === undefined) return [];
    return [{ architecture, name, version, sha256 }];
  });
  const missing = packageChoices.filter(({ name }) => !locked.some((each) => each.name === name));
  if (missing.length > 0) {
    throw new Error(
      `${lockFile}: has no ${missing.map(({ name }) => name).join(", ")} for ${architecture}: --update adds it`,
    );
  }
  return locked;
}

/** The package files that the lock names, from the cache or else from where this machine's apt has its packages. */
export function debianPackages(architecture: Architecture, cache: string): ReadonlyMap<string, string> {
  const locked = lockedPackages(architecture);
  const fileOf = ({ sha256 }: LockedPackage) => join(cache, `${sha256}.deb`);
  const missing = locked.filter((each) => !existsSync(fileOf(each)));
  if (missing.length > 0) download(architecture, missing, cache, fileOf);
  for (const each of locked) {
    const sha256 = digestOf(fileOf(each));
    if (sha256 === each.sha256) continue;
    throw new Error(`${fileOf(each)}: has the SHA-256 ${sha256}, and not the one of its name: remove it`);
  }
  return new Map(locked.map((each) => [each.name, fileOf(each)]));
}

function download(
  architecture: Architecture,
  packages: readonly LockedPackage[],
  cache: string,
  fileOf: (each: LockedPackage) => string,
): void {
  const apt = new PrivateApt(architecture, cache);
  const scratch = mkdtempSync(join(cache, "download-"));
  try {
    apt.run("apt-get", ["download", ...packages.map(({ name, version }) => `${name}=${version}`)], scratch);
    const files = new Map(readdirSync(scratch).map((file) => [digestOf(join(scratch, file)), join(scratch, file)]));
    for (const each of packages) {
      const file = files.get(each.sha256);
      if (file === undefined) {
        const names = `${each.name} ${each.version} (${architecture})`;
        throw new Error(`${names}: what was downloaded has not the SHA-256 of the lock, ${each.sha256}`);
      }
      renameSync(file, fileOf(each));
    }
  } catch (error) {
    const hint =
      "Debian offers the newest versions only. npm run image -- --update takes those of today into the lock.";
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${hint}`, { cause: error });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes the versions that Debian offers today into the lock. */
export function updateLock(cache: string): void {
  const lines = architectures.flatMap((architecture) => {
    const apt = new PrivateApt(architecture, cache);
    const shown = apt.run("apt-cache", ["show", "--no-all-versions", ...packageChoices.map(({ name }) => name)], cache);
    const field = (stanza: string, of: string) => new RegExp(`^${of}: (\\S+)$`, "m").exec(stanza)?.[1] ?? "";
    return shown
      .trim()
      .split(/\n\n+/)
      .map((each) => [architecture, field(each, "Package"), field(each, "Version"), field(each, "SHA256")].join(" "));
  });
  const head =
    "# Debian 12's packages that the image is made of: architecture, name, version, SHA-256. Made by: npm run image -- --update";
  writeFileSync(lockFile, `${[head, ...lines].join("\n")}\n`);
}

/**
 * This machine's apt, with its sources and their keys, and with lists and an architecture of its own: the machine's
 * state is neither needed nor changed, nor is root.
 */
class PrivateApt {
  readonly #options: readonly string[];

  constructor(architecture: Architecture, cache: string) {
    const folder = join(cache, `apt-${architecture}`);
    for (const each of ["lists/partial", "archives/partial"]) mkdirSync(join(folder, each), { recursive: true });
    writeFileSync(join(folder, "status"), "");
    const settings = {
      "APT::Architecture": architecture,
      "APT::Architectures": architecture,
      "APT::Sandbox::User": "root",
      "Acquire::Languages": "none",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
      "Dir::State": folder,
      "Dir::State::lists": join(folder, "lists"),
      "Dir::State::status": join(folder, "status"),
      "Dir::Cache": folder,
      "Dir::Cache::archives": join(folder, "archives"),
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    this.run("apt-get", ["update", "-qq"], folder);
  }

  run(program: "apt-get" | "apt-cache", args: readonly string[], cwd: string): string {
    try {
      return execFileSync(program, [...this.#options, ...args], {
        cwd,
        encoding: "utf8",
        env: { ...process.env, LC_ALL: "C" },
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
      throw new Error(`${program} ${args.join(" ")}: ${said}`, { cause: error });
    }
  }
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
