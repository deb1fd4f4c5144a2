import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../src/lab/index.ts";
import { end } from "../measured-process.ts";
import type { Announcer } from "./announcer.ts";
import { addressOf, communityOf, formatted, localAsn, type Workload } from "./workload.ts";

const run = promisify(execFile);

export const bird: Announcer = {
  name: "BIRD",
  mostToldAgain: Number.POSITIVE_INFINITY,
  async start(workload) {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
    const file = (name: string) => join(folder, name);
    await writeFile(file("bird.conf"), configuration(workload));
    const args = ["-f", "-c", file("bird.conf"), "-s", file("ctl"), "-P", file("pid")];
    const process = spawn("bird", args, { stdio: ["ignore", "ignore", "inherit"] });
    const ask = async (question: string) => (await run("birdc", ["-s", file("ctl"), question])).stdout;
    const stop = async () => {
      await end(process, "SIGKILL");
      await rm(folder, { recursive: true });
    };
    try {
      await until("BIRD has its routes", async () => {
        const count = await ask("show route count").catch(() => "");
        return count.includes(` ${workload.prefixes} of ${workload.prefixes} routes`);
      });
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      pid: process.pid ?? 0,
      withdraw: async () => void (await ask("disable services")),
      announce: async () => void (await ask("enable services")),
      [Symbol.asyncDispose]: stop,
    };
  },
};

function configuration(workload: Workload): string {
  const routes = Array.from({ length: workload.prefixes }, (_, index) => {
    const community = `(${localAsn}, ${communityOf(index, workload)})`;
    return `route ${formatted(addressOf(index))}/32 blackhole { bgp_community.add(${community}); };`;
  });
  return `
router id 10.0.0.1;
protocol device {}
protocol static services { ipv4; ${routes.join("\n")} }
protocol bgp switch {
  local 10.0.0.1 as ${localAsn};
  neighbor 10.0.0.2 as 65210;
  passive yes;
  error wait time 1, 1;
  ipv4 { import none; export all; next hop self; };
}
`;
}
