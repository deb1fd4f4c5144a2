import { fileURLToPath } from "node:url";

export type ProgramName = "api-server" | "controllers" | "kubelet" | "load-client" | "pod-server";

/**
 * The command that runs one of the lab's own programs with this Node: a `.ts` file where this file is one, and the
 * compiled `.js` beside the compiled rest.
 */
export function programArgv(name: ProgramName, options: Readonly<Record<string, string>>): string[] {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const file = fileURLToPath(new URL(`./programs/${name}.${extension}`, import.meta.url));
  return [process.execPath, file, ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value])];
}
