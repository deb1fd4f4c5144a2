import { readFileSync } from "node:fs";

/**
 * The value of a kernel parameter such as `net.ipv4.ip_forward`, in this process's network namespace where it has one
 * for each; undefined where this kernel has no such parameter, as that of a module that is not loaded. A dot within a part,
 * as in the name of a link, is written as a slash: sysctl(8).
 */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(/[./]/g, (mark) => (mark === "." ? "/" : "."))}`, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
