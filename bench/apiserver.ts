import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../src/lab/index.ts";
import { RawClient } from "../test/kubernetes/raw-client.ts";
import { nowMs } from "./measured-process.ts";
import { Measurements } from "./measurements.ts";
import type { Benchmark } from "./report.ts";

const runs = 5;
const objects = 10_000;
const connections = 16;
const configMaps = "/api/v1/namespaces/default/configmaps";

/** The embedded API server: how fast it takes objects, and how soon it is there again with them. */
export const apiserver: Benchmark = {
  name: "apiserver",
  about: `the embedded API server: ${objects} objects written, and its start with them after kill -9`,
  async *run(signal) {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-apiserver-"));
    const measurements = new Measurements();
    try {
      const first = await start(folder, "first", signal);
      const writtenMs = await writeAll(first.client);
      measurements.add("writes acknowledged in a second", "1/s", (objects * 1_000) / writtenMs);
      await first.kill();
      for (let run = 0; run < runs; run++) {
        const server = await start(folder, `run-${run}`, signal);
        measurements.add(
          `from the start of the process to its first answer, ${objects} objects in it`,
          "ms",
          server.startMs,
        );
        const listMs = nowMs();
        await server.client.call("GET", configMaps);
        measurements.add(`a list of all ${objects}`, "ms", nowMs() - listMs);
        await server.kill();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    yield measurements.table(`${objects} ConfigMaps of 500 bytes`);
  },
};

interface Started {
  readonly client: RawClient;
  readonly startMs: number;
  readonly kill: () => Promise<void>;
}

async function start(folder: string, name: string, signal: AbortSignal): Promise<Started> {
  const kubeconfig = join(folder, name);
  const script = join(import.meta.dirname, "../test/kubernetes/apiserver-process.ts");
  const beganMs = nowMs();
  const child = spawn(process.execPath, [script, join(folder, "database"), kubeconfig], { stdio: "inherit", signal });
  child.on("error", () => undefined);
  await until("the API server", async () => existsSync(kubeconfig), { signal, everyMs: 1 });
  const client = new RawClient(readFileSync(kubeconfig, "utf8"));
  await client.call("GET", `${configMaps}?limit=1`);
  return { client, startMs: nowMs() - beganMs, kill: () => killed(child, client) };
}

async function killed(child: ChildProcess, client: RawClient): Promise<void> {
  client[Symbol.dispose]();
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function writeAll(client: RawClient): Promise<number> {
  const text = "x".repeat(500);
  const beganMs = nowMs();
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < objects) {
        const metadata = { name: `object-${next++}` };
        const answer = await client.call("POST", configMaps, JSON.stringify({ metadata, data: { text } }));
        if (answer.code !== 201) throw new Error(`${metadata.name}: ${answer.text}`);
      }
    }),
  );
  return nowMs() - beganMs;
}
