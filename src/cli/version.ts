import { readFileSync } from "node:fs";

/** The version of this package, whether it runs from its sources or compiled. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
