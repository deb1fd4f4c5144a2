import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The command of Fairlead itself, from its sources where this file is one. */
export function fairlead(...args: readonly string[]): string[] {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return [process.execPath, fileURLToPath(new URL(`../cli/main.${extension}`, import.meta.url)), ...args];
}

/** `KUBECTL`, the one that the project's set-up unpacked, or the machine's. */
export function kubectlPath(): string {
  const unpacked = fileURLToPath(new URL("../../node_modules/.cache/fairlead/kubectl", import.meta.url));
  return process.env["KUBECTL"] ?? (existsSync(unpacked) ? unpacked : "kubectl");
}

/** What an agent may do beyond its files, in the lab as where the chart puts it. */
export const agentCapabilities = ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"] as const;

/** Runs an agent with the capabilities of its container and no others. */
export function asInContainer(argv: readonly string[]): string[] {
  const kept = agentCapabilities.map((name) => `+${name.toLowerCase()}`);
  return ["setpriv", "--no-new-privs", `--bounding-set=-all,${kept.join(",")}`, ...argv];
}
