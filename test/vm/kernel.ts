import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

/** A kernel and what it begins with. */
export interface Kernel {
  readonly image: string;
  readonly initialRamDisk: string;
  /** The folder that is its /lib/modules. */
  readonly modules: string;
}

/** What the first program needs to reach the host's files; all others are loaded from there. */
const firstModules = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/** Debian's own kernel for this machine, with all its modules, unpacked in `folder`, which keeps it. */
export async function debianKernel(folder: string): Promise<Kernel> {
  const unpacked = join(folder, "kernel");
  if (!existsSync(unpacked)) unpack(folder, unpacked);
  const modules = join(unpacked, "lib/modules");
  const [version] = readdirSync(modules);
  if (version === undefined) throw new Error(`${modules} holds no kernel's modules: delete ${folder} and try again`);
  const initialRamDisk = join(folder, "initial-ram-disk.gz");
  await packRamDisk(initialRamDisk, join(modules, version));
  return { image: join(unpacked, `boot/vmlinuz-${version}`), initialRamDisk, modules };
}

function unpack(folder: string, unpacked: string): void {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, "unpacking-"));
  try {
    const dependencies = run("apt-cache", ["depends", "linux-image-amd64"], scratch);
    const name = /Depends: (linux-image-\d\S*)/.exec(dependencies)?.[1];
    if (name === undefined) throw new Error("Debian's linux-image-amd64 names no kernel; is apt-get update due?");
    // apt's own user cannot write to this folder, and would warn about it.
    run("apt-get", ["-o", "APT::Sandbox::User=root", "download", name], scratch);
    const [archive = ""] = readdirSync(scratch);
    run("dpkg", ["-x", archive, "kernel"], scratch);
    for (const version of readdirSync(join(scratch, "kernel/lib/modules"))) {
      run("depmod", ["-b", join(scratch, "kernel"), version], scratch);
    }
    // Another run may have been quicker.
    if (!existsSync(unpacked)) renameSync(join(scratch, "kernel"), unpacked);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function packRamDisk(file: string, modules: string): Promise<void> {
  const tree = mkdtempSync(`${file}.`);
  try {
    for (const each of ["bin", "modules", "proc", "sys", "dev", "host", "scratch", "new"])
      await mkdir(join(tree, each));
    await copyFile("/bin/busybox", join(tree, "bin/busybox"));
    await copyFile(join(import.meta.dirname, "init.sh"), join(tree, "init"));
    run("chmod", ["755", "init"], tree);
    const order = inOrder(firstModules, readFileSync(join(modules, "modules.dep"), "utf8"));
    for (const each of order) await copyFile(join(modules, each), join(tree, "modules", basename(each)));
    await writeFile(join(tree, "module-order"), order.map((each) => `${basename(each)}\n`).join(""));
    const names = run("find", ["."], tree);
    const archive = execFileSync("cpio", ["--quiet", "-o", "-H", "newc"], {
      cwd: tree,
      input: names,
      maxBuffer: 2 ** 28,
    });
    await writeFile(`${tree}.gz`, gzipSync(archive, { level: 1 }));
    renameSync(`${tree}.gz`, file);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** The files of these modules and of all that they need, each after those that it needs; `dependencies` is modules.dep. */
function inOrder(names: readonly string[], dependencies: string): string[] {
  const lines = dependencies.split("\n");
  const needed = names.flatMap((name) => {
    const line = lines.find((each) => each.split(":")[0]?.endsWith(`/${name}.ko`));
    if (line === undefined) return []; // built in
    return line.replace(":", "").trim().split(" ").reverse();
  });
  return [...new Set(needed)];
}

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
