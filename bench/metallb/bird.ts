import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Figure } from "./figure.ts";
import type { Measured } from "./turn.ts";
import type { Stage } from "./stage.ts";

/** What BGP itself can do: BIRD, with its routes in its configuration, in the place of one node's agent. */
export async function measureBird(stage: Stage, count: number, measured: Measured): Promise<void> {
  const { lab } = stage.cluster;
  const [node = ""] = stage.nodes;
  const file = (name: string) => join(lab.folder, `bird-limit.${name}`);
  await writeFile(file("conf"), configuration(stage.addressOf(node), count));
  // The switch counts on from one session to the next.
  const updatesBefore = await stage.updatesFrom(node);
  const argv = ["bird", "-f", "-c", file("conf"), "-s", file("ctl"), "-P", file("pid")];
  const bird = await lab.run(node, { name: "bird-limit", argv });
  try {
    const sessionAt = await stage.whenSwitch("BIRD's session", ([first]) => first?.established === true, 2);
    const routedAt = await stage.whenSwitch("all of BIRD's routes", ([first]) => first?.prefixes === count, 2);
    const add = (group: Figure["group"], what: string, unit: string, value: number) =>
      measured({ group, what, unit, name: "BIRD", value });
    const some = `${count} at once`;
    add("start", `agent killed and started with ${count}: from its session to all routes`, "ms", routedAt - sessionAt);
    add("cost", `${some}: UPDATEs from one agent`, "", (await stage.updatesFrom(node)) - updatesBefore);
    add("cost", `${some}: bytes from one agent`, "B", stage.bytesFrom(node));
  } finally {
    await bird.stop(20_000);
  }
  await stage.whenSwitch("BIRD is gone", ([first]) => first?.prefixes === 0, 20);
}

function configuration(address: string, count: number): string {
  const routes = Array.from({ length: count }, (_, index) => `route 172.19.${index >> 8}.${index & 255}/32 blackhole;`);
  return `
router id ${address};
protocol device {}
protocol static services { ipv4; ${routes.join("\n")} }
protocol bgp switch {
  local ${address} as 65211;
  neighbor 10.10.2.210 as 65210;
  connect delay time 1;
  ipv4 { import none; export all; next hop self; };
}
`;
}
