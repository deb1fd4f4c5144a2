import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { patience } from "./patience.ts";

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

/** kubectl as the user of a kubeconfig. */
export function kubectl(kubeconfig: string, args: readonly string[]): string[] {
  // Unless it is told how long a request may take, it waits 32 s for the server's schema and as long as it takes for others.
  const patient = patience === 1 ? [] : [`--request-timeout=${32 * patience}s`];
  return [kubectlPath(), "--kubeconfig", kubeconfig, ...patient, ...args];
}

/** What an agent may do beyond its files, in the lab as where the chart puts it. */
export const agentCapabilities = ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"] as const;

/** Runs an agent with the capabilities of its container and no others. */
export function asInContainer(argv: readonly string[]): string[] {
  const kept = agentCapabilities.map((name) => `+${name.toLowerCase()}`);
  return ["setpriv", "--no-new-privs", `--bounding-set=-all,${kept.join(",")}`, ...argv];
}
