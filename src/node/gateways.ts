import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Client } from "../kubernetes/client/index.ts";
import { gatewaysAnnotation, Node } from "../kubernetes/resources/index.ts";

const run = promisify(execFile);

/** Writes this machine's gateways on its Node, so that no pool takes one of them; only where they are not there yet. */
export async function tellGateways(client: Client, node: Node, signal: AbortSignal): Promise<void> {
  const gateways = (await defaultGateways()).join(",");
  if ((node.metadata.annotations?.[gatewaysAnnotation] ?? "") === gateways) return;
  const body = { metadata: { annotations: { [gatewaysAnnotation]: gateways } } };
  await client.patch(Node, { name: node.metadata.name }, { type: "merge", body }, { signal });
}

/** The next hops of this machine's default routes. */
async function defaultGateways(): Promise<readonly string[]> {
  const families = await Promise.all(
    ["-4", "-6"].map(async (family) => {
      const { stdout } = await run("ip", ["-json", family, "route", "show", "default"]);
      return JSON.parse(stdout || "[]") as { gateway?: string; nexthops?: { gateway?: string }[] }[];
    }),
  );
  const hops = families.flat().flatMap((route) => [route.gateway, ...(route.nexthops ?? []).map((hop) => hop.gateway)]);
  return [...new Set(hops.filter((gateway) => gateway !== undefined))].sort();
}
