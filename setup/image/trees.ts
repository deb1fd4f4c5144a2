// The folders that become layers, for one architecture.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  launcher,
  mountPoints,
  npmCpu,
  ownFiles,
  packageChoices,
  programFolder,
  unneeded,
  type Architecture,
} from "./contents.ts";

const root = join(import.meta.dirname, "../..");

/** Debian's files, and those of no package. */
export function debianTree(files: ReadonlyMap<string, string>, tree: string, scratch: string): void {
  for (const { name, files: chosen } of packageChoices) {
    const file = files.get(name) ?? "";
    const unpacked = join(scratch, name);
    execFileSync("dpkg-deb", ["--extract", file, unpacked]);
    const wanted = [...chosen, /^usr\/share\/doc\/[^/]+(\/copyright)?$/];
    for (const path of leaves(unpacked)) {
      if (wanted.some((each) => each.test(path))) copy(join(unpacked, path), join(tree, path));
    }
    // Where scanners look for what an image without dpkg has of Debian.
    const control = execFileSync("dpkg-deb", ["--field", file], { encoding: "utf8" });
    write(join(tree, "var/lib/dpkg/status.d", name), control);
  }
  for (const [path, text] of Object.entries(ownFiles)) write(join(tree, path), text);
  for (const path of mountPoints) mkdirSync(join(tree, path), { recursive: true });
}

/** Node.js' program: of its npm package for that architecture, that the lock file pins. */
export function nodeTree(architecture: Architecture, tree: string, scratch: string): void {
  const modules = installed(join(root, "setup/node"), scratch, architecture);
  const from = join(modules, `node-linux-${npmCpu[architecture]}`);
  copy(join(from, "bin/node"), join(tree, "usr/bin/node"));
  copy(join(from, "LICENSE"), join(tree, "usr/share/doc/nodejs/LICENSE"));
}

/** What Fairlead needs of npm to run. */
export function dependencyTree(architecture: Architecture, tree: string, scratch: string): void {
  copyNeeded(dirname(installed(root, scratch, architecture)), join(tree, programFolder), /^node_modules\//);
}

/** What is published, and how it is called. */
export function programTree(tree: string, scratch: string): void {
  const args = ["pack", "--ignore-scripts", "--pack-destination", scratch, "--loglevel=error"];
  execFileSync("npm", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const [archive = ""] = globSync("*.tgz", { cwd: scratch });
  execFileSync("tar", ["--extract", "--file", join(scratch, archive), "--directory", scratch]);
  copyNeeded(join(scratch, "package"), join(tree, programFolder), /./);
  write(join(tree, "usr/bin/fairlead"), launcher);
  chmodSync(join(tree, "usr/bin/fairlead"), 0o755);
}

/** Installs what a lock file says into `scratch`, for another machine, and returns its `node_modules`. */
function installed(project: string, scratch: string, architecture: Architecture): string {
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(project, file), join(scratch, file));
  const target = ["--os=linux", `--cpu=${npmCpu[architecture]}`, "--libc=glibc"];
  const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline"];
  execFileSync("npm", ["ci", "--omit=dev", "--ignore-scripts", ...target, ...quiet], {
    cwd: scratch,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return join(scratch, "node_modules");
}

function copyNeeded(from: string, to: string, which: RegExp): void {
  for (const path of leaves(from)) {
    if (which.test(path) && !unneeded(path)) copy(join(from, path), join(to, path));
  }
}

/** All that is no folder, by its path from `folder`. */
function leaves(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
