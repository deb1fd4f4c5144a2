import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import { until } from "../../src/lab/index.ts";
import { end } from "../measured-process.ts";
import type { Announcer } from "./announcer.ts";
import { mrtOf } from "./mrt.ts";
import { localAsn } from "./workload.ts";

const run = promisify(execFile);
/** 100,000 routes take it ten seconds on two idle cores. */
const loadingMs = 180_000;

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
    const injecting: Writable[] = [];
    // It ends without waiting for what it has sent to be read: so its input stays open to the end.
    const inject = () => {
      const { stdin } = spawn("sh", ["-c", "cat | gobgp mrt inject global /dev/stdin"], {
        stdio: ["pipe", "ignore", "ignore"],
      });
      injecting.push(stdin);
      stdin.write(routes);
    };
    const stop = async () => {
      for (const stdin of injecting) stdin.end();
      await end(process, "SIGKILL");
      await rm(folder, { recursive: true });
    };
    const has = (shown: string) => async () => (await ask("global", "rib", "summary").catch(() => "")).includes(shown);
    try {
      await until("GoBGP answers", has("Destination: 0,"));
      inject();
      const complete = has(`Destination: ${workload.prefixes},`);
      // Each question costs it 0.2 s of processor time.
      await until("GoBGP has its routes", complete, { timeoutMs: loadingMs, everyMs: 1_000 });
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      pid: process.pid ?? 0,
      withdraw: async () => void (await ask("global", "rib", "del", "all")),
      announce: () => Promise.resolve(inject()),
      [Symbol.asyncDispose]: stop,
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
