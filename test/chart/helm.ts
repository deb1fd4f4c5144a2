import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
export const helmProgram = join(root, "node_modules/.cache/fairlead/helm");

export const chart = join(root, "charts/fairlead");

/** Turns on each part that can be turned off. */
export const everything = ["podMonitor", "alerts", "dashboard", "networkPolicy", "webhook"].map(
  (part) => `--set=${part}.enabled=true`,
);

/** Runs the helm that the project's set-up has unpacked; resolves with what it printed. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(helmProgram, args, { maxBuffer: 2 ** 24 });
  return stdout;
}

/** What the chart makes of its values, for the namespace that the how-to uses. */
export function rendered(...args: readonly string[]): Promise<string> {
  return helm("template", "fairlead", chart, "--namespace", "metallb-system", ...args);
}
