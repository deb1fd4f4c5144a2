import { readFileSync } from "node:fs";

/**
 * The value of a kernel parameter such as `net.ipv4.ip_forward`, in this process's network namespace where it has one
 * for each; undefined where this kernel has no such parameter, as that of a module that is not loaded.
 */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
