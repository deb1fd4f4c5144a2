import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../src/lab/index.ts";
import { end } from "../measured-process.ts";
import type { Announcer } from "./announcer.ts";
import { mrtOf } from "./mrt.ts";
import { localAsn } from "./workload.ts";

const run = promisify(execFile);

export const gobgp: Announcer = {
  name: "GoBGP",
  mostToldAgain: 10_000,
  async start(workload) {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
    const file = (name: string) => join(folder, name);
    await writeFile(file("gobgp.yaml"), configuration);
    const routes = mrtOf(workload);
    const process = spawn("gobgpd", ["-t", "yaml", "-f", file("gobgp.yaml"), "-l", "error"], { stdio: "ignore" });
    const ask = async (...question: readonly string[]) => (await run("gobgp", question)).stdout;
    const announce = async () => {
      // It ends without waiting for what it has sent to be read: so its input stays open until all has come.
      const inject = spawn("sh", ["-c", "cat | gobgp mrt inject global /dev/stdin"], {
        stdio: ["pipe", "ignore", "inherit"],
      });
      inject.stdin.write(routes);
      await until("GoBGP has its routes", async () =>
        (await ask("global", "rib", "summary")).includes(`Destination: ${workload.prefixes},`),
      );
      inject.stdin.end();
    };
    await until("GoBGP answers", () =>
      ask("neighbor").then(
        () => true,
        () => false,
      ),
    );
    await announce();
    return {
      pid: process.pid ?? 0,
      withdraw: async () => void (await ask("global", "rib", "del", "all")),
      announce,
      async [Symbol.asyncDispose]() {
        await end(process, "SIGKILL");
        await rm(folder, { recursive: true });
      },
    };
  },
};

/** JSON is YAML. */
const configuration = JSON.stringify({
  global: { config: { as: localAsn, "router-id": "10.0.0.1" } },
  neighbors: [
    {
      config: { "neighbor-address": "10.0.0.2", "peer-as": 65210 },
      transport: { config: { "passive-mode": true } },
      timers: { config: { "idle-hold-time-after-reset": 1 } },
      "afi-safis": [{ config: { "afi-safi-name": "ipv4-unicast" } }],
    },
  ],
});
