import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { attempt, command, type CommandOptions } from "./command.ts";

/** Where `ip netns` keeps the namespaces' names. */
const namespacesFolder = "/run/netns";

export function namespacePath(namespace: string): string {
  return `${namespacesFolder}/${namespace}`;
}

/** The arguments that run `argv` inside a namespace, as the same process: what is spawned is what is run. */
export function inside(namespace: string, argv: readonly string[]): string[] {
  return ["nsenter", `--net=${namespacePath(namespace)}`, "--", ...argv];
}

/** Runs lines of `ip` one after the other in one namespace, in one process; the first that fails ends it. */
export async function ipBatch(
  namespace: string | undefined,
  lines: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  if (lines.length === 0) return "";
  const where = namespace === undefined ? [] : ["-n", namespace];
  return command(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n`, signal });
}

export async function addNamespaces(names: readonly string[], signal?: AbortSignal): Promise<void> {
  await ipBatch(
    undefined,
    names.map((name) => `netns add ${name}`),
    signal,
  );
}

/** Removes those of the namespaces that exist; what still runs inside keeps the namespace itself alive, nameless. */
export async function deleteNamespaces(names: readonly string[]): Promise<void> {
  const existing = new Set(await namespacesStartingWith(""));
  const lines = names.filter((name) => existing.has(name)).map((name) => `netns delete ${name}`);
  // -force goes on after a line that failed: two processes may be taking the same lab down.
  if (lines.length > 0) await attempt(["ip", "-force", "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

export async function namespacesStartingWith(prefix: string): Promise<string[]> {
  const names = await readdir(namespacesFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.startsWith(prefix)).sort();
}

/** The namespaces as the kernel counts them, which stay known after their names are gone. */
export async function inodesOf(names: readonly string[]): Promise<Set<string>> {
  const found = await Promise.all(
    names.map(async (name) => (await stat(namespacePath(name)).catch(() => undefined))?.ino.toString()),
  );
  return new Set(found.filter((inode) => inode !== undefined));
}

/** The processes whose network namespace is one of `inodes`. */
export async function processesIn(inodes: ReadonlySet<string>): Promise<number[]> {
  if (inodes.size === 0) return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that has ended meanwhile, or is a zombie, has no namespace to read.
      const link = await readlink(`/proc/${pid}/ns/net`).catch(() => "");
      const inode = /^net:\[(\d+)\]$/.exec(link)?.[1];
      return inode !== undefined && inodes.has(inode) ? Number(pid) : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** When a process started, in the kernel's own unit: with its pid it names a process for good. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // proc(5): the second field is the command in parentheses and may hold anything; the start time is field 22.
  const fields = line?.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

/** Writes sysctls in a namespace: `/proc/sys/net` shows what belongs to the namespace of the process that looks. */
export async function setSysctls(
  namespace: string,
  sysctls: Readonly<Record<string, string>>,
  options: CommandOptions = {},
): Promise<void> {
  const pairs = Object.entries(sysctls).flatMap(([name, value]) => [name.replaceAll(".", "/"), value]);
  if (pairs.length === 0) return;
  const script = 'while [ $# -gt 0 ]; do echo "$2" > "/proc/sys/$1" || exit 1; shift 2; done';
  await command(inside(namespace, ["sh", "-c", script, "sysctls", ...pairs]), options);
}
