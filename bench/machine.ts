import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { version } from "../src/cli/version.ts";

/** What figures depend on beside the code. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  /** When it was looked at, RFC 3339. */
  readonly at: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    at: new Date().toISOString(),
    versions: {
      fairlead: version(),
      node: process.versions.node,
      FRR: versionOf("/usr/lib/frr/bgpd"),
      BIRD: versionOf("bird"),
      GoBGP: versionOf("gobgpd"),
    },
  };
}

function versionOf(program: string): string {
  try {
    // BIRD says it on standard error.
    const said = execFileSync("sh", ["-c", `${program} --version 2>&1`], { encoding: "utf8" });
    return /version (\S+)/.exec(said)?.[1] ?? "unknown";
  } catch {
    return "missing";
  }
}
