import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, command } from "../command.ts";
import type { Lab } from "../lab.ts";
import { addressOn, type Host } from "../topology.ts";
import { until } from "../until.ts";

/** Both of the CNI and of Fairlead: the router knows one AS for each node. */
export const nodeAsn = 65_211;

/**
 * BIRD on a node, as a CNI runs it: it listens at all addresses on port 179, has a session with the switch from the
 * node's own address, and announces the node's pods. Resolves when it answers.
 */
export async function startCniDaemon(lab: Lab, node: string, router: string, signal: AbortSignal): Promise<void> {
  const folder = join(lab.folder, node);
  await mkdir(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  await writeFile(file("bird.conf"), configuration(lab.host(node), router, false));
  const files = ["-c", file("bird.conf"), "-s", file("bird.ctl"), "-P", file("bird.pid")];
  const { logFile } = await lab.run(node, { name: "bird", argv: ["bird", "-f", ...files] });
  await until(
    `BIRD answers, see ${logFile}`,
    async () => (await attempt(["birdc", "-s", file("bird.ctl"), "show status"], { signal })).status === 0,
    { signal },
  );
}

/** Gives a node's daemon graceful restart, as Calico's has it. Its session begins anew. */
export async function restartGracefully(lab: Lab, node: string, router: string, signal: AbortSignal): Promise<void> {
  const folder = join(lab.folder, node);
  await writeFile(join(folder, "bird.conf"), configuration(lab.host(node), router, true));
  await command(["birdc", "-s", join(folder, "bird.ctl"), "configure"], { signal });
}

function configuration(host: Host, router: string, hasGracefulRestart: boolean): string {
  const address = addressOn(host, "data");
  return `
router id ${address};
protocol device {}
protocol static pods { ipv4; route ${host.podCidr} blackhole; }
protocol bgp switch {
  local ${address} as ${nodeAsn};
  neighbor ${router} as 65210;
  connect delay time 1;
  connect retry time 1;
  graceful restart ${hasGracefulRestart ? "on" : "aware"};
  ipv4 { import none; export where source = RTS_STATIC; next hop self; };
}
`;
}
