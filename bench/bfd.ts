// BFD: when packets leave while the main thread is busy, and how long a failure takes to be seen; FRR's bfdd beside it.
//   node bench/bfd.ts [MINUTES]     default 1; ten is what is stated
import { setTimeout as wait } from "node:timers/promises";
import { plan } from "../src/plan/index.ts";
import { enterOwnNamespace } from "../test/interop/namespaces.ts";
import { BfdCapture, type CapturedPacket } from "./bfd-capture.ts";
import { beside, BfdStage, ours } from "./bfd-stage.ts";
import { nowMs } from "./measured-process.ts";
import { Measurements } from "./measurements.ts";
import { clusterOf } from "./plan.ts";
import { renderResult, type Benchmark, type Table } from "./report.ts";

const serviceCount = 10_000;
const nodeCount = 100;
const busyIntervalMs = 50;
/** Of the histogram. */
const bucketMs = 5;
const failures = 30;
const watchers = [
  ["Fairlead", ours],
  ["FRR's bfdd", beside],
] as const;

export const bfd: Benchmark = bfdFor(1);

/** Needs root, FRR and tcpdump. Moves the process into a network namespace of its own. */
export function bfdFor(minutes: number): Benchmark {
  return {
    name: "bfd",
    about: `BFD for ${minutes} min while ${serviceCount} Services are planned over and over, and failures seen`,
    async run(signal) {
      enterOwnNamespace();
      const tables = await whileBusy(minutes * 60_000, signal);
      for (const intervalMs of [300, 50]) tables.push(await untilDown(intervalMs, signal));
      return tables;
    },
  };
}

async function whileBusy(durationMs: number, signal: AbortSignal): Promise<Table[]> {
  await using stage = await BfdStage.start(busyIntervalMs);
  await stage.up(signal);
  await wait(2_000, undefined, { signal }); // until the Poll Sequences are over
  await using capture = await BfdCapture.start(stage.switchNamespace);
  const before = await stage.agent.status();
  const plans = await planOverAndOver(durationMs, signal);
  const after = await stage.agent.status();

  const summary = new Measurements();
  const histogram = new Measurements();
  for (const time of plans) summary.add("main thread held up by one plan", "ms", time);
  for (const [name, source] of watchers) {
    const packets = capture.packets.filter((packet) => packet.source === source);
    const intervals = intervalsOf(packets);
    for (const ms of intervals) summary.add(`${name}: from packet to packet`, "ms", ms);
    for (const [bucket, count] of histogramOf(intervals)) {
      histogram.add(`${name}: ${bucket} to ${bucket + bucketMs} ms`, "packets", count);
    }
    summary.add(`${name}: false downs, as it says`, "downs", downsOf(packets));
  }
  for (const { status: state } of await stage.switch.peers()) if (state !== "up") throw new Error(`a peer is ${state}`);
  const [was, is] = [before, after].map(({ sessions }) => sessions[0]?.timesDown ?? Number.NaN);
  summary.add("Fairlead: false downs, as its counter says", "downs", (is ?? 0) - (was ?? 0));
  const title = `${busyIntervalMs} ms × 3 for ${durationMs / 60_000} min, main thread busy, priority ${after.priority}`;
  return [summary.table(`${title}: seen at the switch`), histogram.table(`${title}: packets by interval`)];
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

function histogramOf(values: readonly number[]): [number, number][] {
  const counts = new Map<number, number>();
  for (const value of values) {
    const bucket = Math.floor(value / bucketMs) * bucketMs;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** The switch's bfdd is stopped in mid-air for both at once; each one's first Down comes in at the switch all the same. */
async function untilDown(intervalMs: number, signal: AbortSignal): Promise<Table> {
  await using stage = await BfdStage.start(intervalMs);
  await using capture = await BfdCapture.start(stage.switchNamespace);
  const failedAt: number[] = [];
  for (let round = 0; round < failures; round++) {
    await stage.up(signal);
    // Long enough for the intervals to be agreed on, and never at the same point of them.
    await wait(2_000 + Math.random() * intervalMs, undefined, { signal });
    failedAt.push(nowMs());
    stage.switch.pause();
    await wait(5 * intervalMs, undefined, { signal });
    stage.switch.resume();
  }
  await stage.up(signal); // by then the capture has the last one, too
  const measured = new Measurements();
  for (const [name, source] of watchers) {
    const downs = capture.packets.filter((captured) => captured.source === source && captured.packet.state === "down");
    for (const at of failedAt) {
      const down = downs.find(({ atMs }) => atMs > at);
      if (down !== undefined) measured.add(`${name}: failure to Down`, "ms", down.atMs - at);
    }
  }
  return measured.table(`Failure to Down at ${intervalMs} ms × 3, ${failures} times`);
}

if (import.meta.main) {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const minutes = Number(process.argv[2] ?? 1);
  const tables = await bfdFor(minutes).run(stopping.signal, { quick: false });
  process.stdout.write(renderResult({ benchmark: "bfd", command: `node bench/bfd.ts ${minutes}`, tables }));
}
