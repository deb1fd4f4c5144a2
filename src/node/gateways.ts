import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The next hops of this machine's default routes: addresses that no Service may be given. */
export async function defaultGateways(): Promise<readonly string[]> {
  const families = await Promise.all(
    ["-4", "-6"].map(async (family) => {
      const { stdout } = await run("ip", ["-json", family, "route", "show", "default"]);
      return JSON.parse(stdout || "[]") as { gateway?: string; nexthops?: { gateway?: string }[] }[];
    }),
  );
  const routes = families.flat();
  return [
    ...new Set(routes.flatMap((route) => [route.gateway, ...(route.nexthops ?? []).map((hop) => hop.gateway)])),
  ].filter((gateway) => gateway !== undefined);
}
