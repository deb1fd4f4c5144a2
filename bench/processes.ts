import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "../setup/build.ts";
import { Frr } from "../test/interop/frr.ts";
import { enterOwnNamespace, Neighbour } from "../test/interop/namespaces.ts";
import { until } from "../src/lab/index.ts";
import { ClusterStage, nodeAddress, switchAddress } from "./cluster-stage.ts";
import { MeasuredProcess, nowMs } from "./measured-process.ts";
import { Measurements } from "./measurements.ts";
import type { Benchmark } from "./report.ts";
import { Vty } from "./vty.ts";

const runs = 5;
const serviceCount = 1_000;
const some = `${serviceCount} Services`;
/** How long a process has nothing to do before its memory is looked at. */
const settlingMs = 1_500;
const ready = "all is known";

/** Needs root and FRR. Moves the process into a network namespace of its own. */
export const processes: Benchmark = {
  name: "processes",
  about: `start-up, memory and work of the compiled controller and node agent, with no Service and with ${serviceCount}`,
  async *run(signal) {
    await build();
    enterOwnNamespace();
    using neighbour = new Neighbour("bench", [`${nodeAddress}/24`], [`${switchAddress}/24`]);
    await using frr = await Frr.start(neighbour.name, switchConfiguration);
    using vty = new Vty(frr);
    const measured = { start: new Measurements(), memory: new Measurements(), work: new Measurements() };
    for (let run = 0; run < runs; run++) {
      await using stage = await ClusterStage.start(signal);
      await new Run(stage, vty, measured, signal).all();
    }
    yield measured.start.table("From the start of a process (node: its own session to FRR, nothing in between)");
    yield measured.memory.table(`Memory, ${settlingMs} ms after the last event`);
    yield measured.work.table(`${some} created at once over 8 connections, one controller and one node running`);
  },
};

const switchConfiguration = `
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 neighbor ${nodeAddress} remote-as 65211
 neighbor ${nodeAddress} timers connect 1
`;

interface Measured {
  readonly start: Measurements;
  readonly memory: Measurements;
  readonly work: Measurements;
}

/** One run: everything once, on an API server of its own. */
class Run {
  readonly #stage: ClusterStage;
  readonly #vty: Vty;
  readonly #measured: Measured;
  readonly #signal: AbortSignal;

  constructor(stage: ClusterStage, vty: Vty, measured: Measured, signal: AbortSignal) {
    this.#stage = stage;
    this.#vty = vty;
    this.#measured = measured;
    this.#signal = signal;
  }

  async all(): Promise<void> {
    await this.#bare();
    await this.#emptyThenCreated();
    await this.#sessionIsOver();
    await this.#startedWithServices();
    await this.#sessionIsOver();
  }

  /** Node itself, which everything else is to be seen against. */
  async #bare(): Promise<void> {
    const script = "console.log(JSON.stringify({ time: Date.now() })); setInterval(() => {}, 60_000);";
    await using node = new MeasuredProcess(process.execPath, ["-e", script]);
    this.#measured.start.add("Node.js alone: first line", "ms", await node.saidAfterMs("time"));
    await this.#memoryOf(node, "Node.js alone");
  }

  async #emptyThenCreated(): Promise<void> {
    const { start, work } = this.#measured;
    await using controller = this.#agent("controller");
    start.add("controller, no Service: all is known", "ms", await controller.saidAfterMs(ready));
    await using node = this.#agent("node");
    start.add("node, no Service: all is known", "ms", await node.saidAfterMs(ready));
    start.add("node, no Service: session established", "ms", (await this.#established()) - node.startedAt);
    await this.#memoryOf(controller, "controller, no Service");
    await this.#memoryOf(node, "node, no Service");

    await this.#stage.createEndpoints(serviceCount);
    await this.#pause();
    const before = { controller: await controller.processorMs(), node: await node.processorMs() };
    const created = this.#stage.createServices(serviceCount);
    const [times, routedAt] = await Promise.all([created, this.#routed()]);
    work.add("from the first POST: the last is answered", "ms", times.postedAt - times.startedAt);
    work.add("from the first POST: all addresses are seen by a watch", "ms", times.addressedAt - times.startedAt);
    work.add("from the first POST: all routes in FRR's table", "ms", routedAt - times.startedAt);
    await this.#pause();
    work.add("processor time, controller", "ms", (await controller.processorMs()) - before.controller);
    work.add("processor time, node", "ms", (await node.processorMs()) - before.node);
    await this.#memoryOf(controller, `controller, after it gave ${some} their addresses`);
    await this.#memoryOf(node, `node, after it announced ${some} one by one`);
  }

  async #startedWithServices(): Promise<void> {
    const { start } = this.#measured;
    await using controller = this.#agent("controller");
    start.add(`controller, ${some}: all is known`, "ms", await controller.saidAfterMs(ready));
    await this.#memoryOf(controller, `controller, started with ${some}`);
    await using node = this.#agent("node");
    start.add(`node, ${some}: all is known`, "ms", await node.saidAfterMs(ready));
    start.add(`node, ${some}: session established`, "ms", (await this.#established()) - node.startedAt);
    start.add(`node, ${some}: all routes in FRR's table`, "ms", (await this.#routed()) - node.startedAt);
    await this.#memoryOf(node, `node, started with ${some}`);
  }

  #agent(command: "controller" | "node"): MeasuredProcess {
    const program = join(import.meta.dirname, "../dist/cli/main.js");
    const args = [program, command, "--kubeconfig", this.#stage.kubeconfig];
    if (command === "node") args.push("--node-name", this.#stage.nodeName, "--port", "7473", "--drain-ms", "0");
    return new MeasuredProcess(process.execPath, args);
  }

  async #memoryOf(process: MeasuredProcess, name: string): Promise<void> {
    await this.#pause();
    const { resident, peak } = await process.memoryMiB();
    this.#measured.memory.add(`${name}: resident`, "MiB", resident);
    this.#measured.memory.add(`${name}: peak`, "MiB", peak);
  }

  /** When FRR says that the session is established. */
  #established(): Promise<number> {
    return this.#frr("the session is established", ({ established }) => established);
  }

  #routed(): Promise<number> {
    return this.#frr("all routes are in FRR's table", ({ prefixes }) => prefixes === serviceCount);
  }

  /** The node has stopped: the next one meets a switch that knows of no session. */
  #sessionIsOver(): Promise<number> {
    return this.#frr("the session is over", ({ established }) => !established);
  }

  #frr(what: string, holds: (peer: Awaited<ReturnType<Vty["peer"]>>) => boolean): Promise<number> {
    const ask = async () => holds(await this.#vty.peer()) && nowMs();
    return until(what, ask, { everyMs: 2, timeoutMs: 120_000, signal: this.#signal });
  }

  async #pause(): Promise<void> {
    await wait(settlingMs, undefined, { signal: this.#signal });
  }
}
