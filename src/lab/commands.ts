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
