// What it costs an agent to watch the other nodes of a cluster by BFD.
//   node bench/run.ts node-detection
import { execFileSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { Node } from "../src/kubernetes/resources/index.ts";
import { until } from "../src/lab/index.ts";
import { BfdAgent } from "../src/node/bfd/index.ts";
import { BfdLiveness } from "../src/node/liveness/index.ts";
import { Bfdd } from "../test/interop/bfdd.ts";
import { enterOwnNamespace, Neighbour } from "../test/interop/namespaces.ts";
import { Measurements } from "./measurements.ts";
import type { Benchmark, Table } from "./report.ts";

const others = 99;
const runs = 3;
const runMs = 10_000;
const ours = "10.0.0.1";
const theirs = Array.from({ length: others }, (_, index) => `10.0.1.${index + 1}`);

export const nodeDetection: Benchmark = {
  name: "node-detection",
  about: `an agent that watches ${others} other nodes by BFD`,
  async *run(signal) {
    enterOwnNamespace();
    for (const intervalMs of [300, 50]) yield await watching(intervalMs, signal);
  },
};

/** FRR's bfdd plays all the other nodes; the agent's part runs in this process, which does nothing else. */
async function watching(intervalMs: number, signal: AbortSignal): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const neighbour = stack.use(new Neighbour("nodes", [`${ours}/16`], []));
  const addresses = theirs.map((address) => `address add ${address}/16 dev eth0\n`).join("");
  execFileSync("ip", ["-n", neighbour.name, "-batch", "-"], { input: addresses });
  const peers = theirs.flatMap((address) => [
    `peer ${ours} multihop local-address ${address}`,
    ` receive-interval ${intervalMs}`,
    ` transmit-interval ${intervalMs}`,
  ]);
  stack.use(await Bfdd.start(neighbour.name, peers));
  const residentBefore = process.memoryUsage.rss();
  const agent = new BfdAgent();
  stack.defer(() => agent.stop());
  const liveness = new BfdLiveness(agent, "node-0", { intervalMs, multiplier: 3 });
  liveness.setNodes([ours, ...theirs].map((address, index) => nodeAt(`node-${index}`, address)));
  await until("all nodes answer", () => Promise.resolve(liveness.inSight.answering === others), { signal });
  await wait(3_000, undefined, { signal }); // until the Poll Sequences are over

  const measurements = new Measurements();
  for (let run = 0; run < runs; run++) {
    const packetsBefore = await packetsOf(agent);
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await wait(runMs, undefined, { signal });
    const seconds = (performance.now() - start) / 1_000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const packets = await packetsOf(agent);
    measurements.add("packets sent", "a second", (packets.sent - packetsBefore.sent) / seconds);
    measurements.add("packets received", "a second", (packets.received - packetsBefore.received) / seconds);
    measurements.add("processor, of one core", "%", (user + system) / seconds / 10_000);
    measurements.add("memory beyond a bare process", "MB", (process.memoryUsage.rss() - residentBefore) / 1_000_000);
    measurements.add("nodes called dead", "nodes", liveness.inSight.dead.length);
  }
  return measurements.table(`${others} other nodes watched at ${intervalMs} ms × 3, all alive`);
}

async function packetsOf(agent: BfdAgent): Promise<{ readonly sent: number; readonly received: number }> {
  const { sessions } = await agent.status();
  return {
    sent: sessions.reduce((sum, each) => sum + each.packetsSent, 0),
    received: sessions.reduce((sum, each) => sum + each.packetsReceived, 0),
  };
}

function nodeAt(name: string, address: string): Node {
  return Node.schema.parse({ metadata: { name }, status: { addresses: [{ type: "InternalIP", address }] } });
}
