// BFD beside FRR's bfdd: when packets leave while the main thread is busy, how long a failure takes until the switch has
// withdrawn the route, and what many sessions cost.
//   npm run bench -- bfd --minutes 10     1 by default; ten is what is stated
import { loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { plan } from "../src/plan/index.ts";
import { enterOwnNamespace } from "../test/interop/namespaces.ts";
import { BfdCapture, type CapturedPacket } from "./bfd-capture.ts";
import { beside, BfdStage, ours } from "./bfd-stage.ts";
import { sessionsInOneThread } from "./bfd-scale.ts";
import { untilWithdrawn } from "./bfd-withdrawal.ts";
import { Measurements } from "./measurements.ts";
import { clusterOf } from "./plan.ts";
import type { Benchmark, Table } from "./report.ts";

const serviceCount = 10_000;
const nodeCount = 100;
const busyIntervalMs = 50;
/** Of the histogram. */
const bucketMs = 5;
const failures = 30;
const sessionCounts = [100, 1_000] as const;
const watchers = [
  ["Fairlead", ours],
  ["FRR's bfdd", beside],
] as const;

/** Needs root, FRR and tcpdump. Moves the process into a network namespace of its own. */
export const bfd: Benchmark = {
  name: "bfd",
  about: `BFD while ${serviceCount} Services are planned over and over, failures until the route is gone, many sessions`,
  async *run(signal, { minutes }) {
    enterOwnNamespace();
    yield* await whileBusy(minutes * 60_000, signal);
    for (const intervalMs of [300, 50]) yield await untilWithdrawn(intervalMs, failures, signal);
    yield await sessionsInOneThread(sessionCounts, signal);
  },
};

async function whileBusy(durationMs: number, signal: AbortSignal): Promise<Table[]> {
  await using stage = await BfdStage.start({ intervalMs: busyIntervalMs });
  await stage.up(signal);
  await wait(2_000, undefined, { signal }); // until the Poll Sequences are over
  await using capture = await BfdCapture.start(stage.parts.switchNamespace);
  const before = await stage.parts.agent.status();
  const plans = await planOverAndOver(durationMs, signal);
  const after = await stage.parts.agent.status();

  const summary = new Measurements();
  const histogram = new Measurements();
  for (const time of plans) summary.add("main thread held up by one plan", "ms", time);
  for (const [name, source] of watchers) {
    const packets = capture.packets.filter((packet) => packet.source === source);
    const intervals = intervalsOf(packets);
    for (const ms of intervals) histogram.add(name, "ms", ms);
    summary.add(`${name}: false downs, as it says`, "downs", downsOf(packets));
  }
  for (const { status: state } of await stage.parts.switch.peers())
    if (state !== "up") throw new Error(`a peer is ${state}`);
  const [was, is] = [before, after].map(({ sessions }) => sessions[0]?.timesDown ?? Number.NaN);
  summary.add("Fairlead: false downs, as its counter says", "downs", (is ?? 0) - (was ?? 0));
  summary.add("load of the machine over the last minute", "processes", loadavg()[0] ?? Number.NaN);
  const title = `${busyIntervalMs} ms × 3 for ${durationMs / 60_000} min, main thread busy, priority ${after.priority}`;
  const intervals = histogram.table(`${title}: from packet to packet, seen at the switch`);
  return [summary.table(title), { ...intervals, bucket: bucketMs }];
}

/** How long each took, in ms. */
async function planOverAndOver(durationMs: number, signal: AbortSignal): Promise<number[]> {
  const cluster = clusterOf(serviceCount, nodeCount);
  const times: number[] = [];
  const end = performance.now() + durationMs;
  while (performance.now() < end) {
    const start = performance.now();
    const whole = plan(cluster);
    for (const { metadata } of cluster.nodes) whole.planFor(metadata.name);
    times.push(performance.now() - start);
    // Lets the capture and the signal's event in.
    await new Promise((resolve) => void setImmediate(resolve));
    signal.throwIfAborted();
  }
  return times;
}

/** Between the periodic packets: answers to Polls are sent beside them. */
function intervalsOf(packets: readonly CapturedPacket[]): number[] {
  const periodic = packets.filter(({ packet }) => !packet.final);
  return periodic.slice(1).map(({ atMs }, index) => atMs - (periodic[index]?.atMs ?? atMs));
}

/** How often one says Down after it said Up. */
function downsOf(packets: readonly CapturedPacket[]): number {
  return packets.filter(({ packet }, index) => packet.state === "down" && packets[index - 1]?.packet.state === "up")
    .length;
}
