import { setTimeout as wait } from "node:timers/promises";
import { until, type HostProcess } from "../../src/lab/index.ts";
import { nowMs } from "../measured-process.ts";
import type { Figure } from "./figure.ts";
import type { Peer } from "./peers.ts";
import { figuresOf } from "./process-figures.ts";
import type { Stage, SwitchPeer } from "./stage.ts";

/** How long nothing is asked of a process before it is looked at. */
const settlingMs = 3_000;
/** And so long after it was started: what warms up when it has nothing to do has done so by then. */
const warmMs = 12_000;
const idleMs = 10_000;
/** Single Services, one after the other. */
const singles = 3;
/** More do not wait for a controller: they would double the time of a turn, and what comes at once tells as much. */
const mostWaiting = 1_000;
/** An API server that works so little more than when it is idle, for some seconds, has nothing to do any more. */
const quietShare = 0.025;
const quietSeconds = 3;
/** Before it is known what it does when it is idle. */
const quietAtFirst = 0.12;

/** Where what was measured goes. */
export type Measured = (figure: Figure) => void;

interface Running {
  readonly process: HostProcess;
  readonly startedAt: number;
}

/** What is measured of one of the peers, once. What it starts it stops when it is disposed of. */
export class Turn implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #peer: Peer;
  readonly #count: number;
  readonly #measured: Measured;
  readonly #signal: AbortSignal;
  #controller: Running | undefined;
  readonly #agents = new Map<string, Running>();
  /** Of the API server, when it has nothing to do but for its own controllers: processor time in a millisecond. */
  #idleShare = 0;

  constructor(stage: Stage, peer: Peer, count: number, measured: Measured, signal: AbortSignal) {
    this.#stage = stage;
    this.#peer = peer;
    this.#count = count;
    this.#measured = measured;
    this.#signal = signal;
  }

  async all(): Promise<void> {
    await this.#startController();
    await this.#firstSessions();
    await this.#idle();
    await this.#oneByOne(0);
    await this.#atOnce();
    await this.#oneByOne(this.#count);
    if (this.#announces) await this.#restarts();
    await this.#removed();
    if (this.#count > mostWaiting) return;
    await this.#controllerFindsMany();
    await this.#removed();
  }

  /** What is created at once, and nothing else: soon over, so that two of them find the machine in the same state. */
  async atOnce(): Promise<void> {
    await this.#startController();
    await this.#firstSessions();
    await this.#idle();
    await this.#atOnce();
    await this.#removed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#agents.values()) await process.stop(20_000);
    this.#agents.clear();
    await this.#controller?.process.stop(20_000);
  }

  get #announces(): boolean {
    return this.#peer.startAgent !== undefined;
  }

  get #names(): string[] {
    return serviceNames(this.#count);
  }

  async #startController(): Promise<void> {
    const startedAt = nowMs();
    this.#controller = { process: await this.#peer.startController(), startedAt };
  }

  async #startAgent(node: string): Promise<Running> {
    if (this.#peer.startAgent === undefined) throw new Error(`${this.#peer.name} announces nothing`);
    const startedAt = nowMs();
    const running = { process: await this.#peer.startAgent(node), startedAt };
    this.#agents.set(node, running);
    return running;
  }

  async #firstSessions(): Promise<void> {
    if (!this.#announces) return;
    for (const node of this.#stage.nodes) {
      const { startedAt } = await this.#startAgent(node);
      this.#add(
        "start",
        "agent started, no Service: session established",
        "ms",
        (await this.#session(node)) - startedAt,
      );
    }
  }

  async #idle(): Promise<void> {
    await wait(warmMs, undefined, { signal: this.#signal });
    await this.#quiet();
    const [before, api] = [await this.#processes(), await this.#apiServerMs()];
    await wait(idleMs, undefined, { signal: this.#signal });
    const after = await this.#processes();
    this.#idleShare = ((await this.#apiServerMs()) - api) / idleMs;
    if (!this.#announces) return;
    this.#add("cost", "idle, processor: controller", "%", ((after.controllerMs - before.controllerMs) * 100) / idleMs);
    this.#add("cost", "idle, memory: controller", "MiB", after.controllerMiB);
    this.#add("cost", "idle, processor: each agent", "%", ((after.agentMs - before.agentMs) * 100) / idleMs);
    this.#add("cost", "idle, memory: each agent", "MiB", after.agentMiB);
    this.#add("cost", "idle, memory: each agent, without its program", "MiB", after.agentAnonymousMiB);
  }

  async #oneByOne(others: number): Promise<void> {
    if (this.#announces) for (let index = 0; index < singles; index++) await this.#single(others);
  }

  /** A Service more than there are, and its end. */
  async #single(others: number): Promise<void> {
    const { services } = this.#stage;
    const name = "single";
    const some = others === 0 ? "" : `beside ${others} others: `;
    let firstAt = Number.NaN;
    const routed = this.#stage.whenSwitch(
      "one Service's paths",
      (peers) => {
        if (Number.isNaN(firstAt) && peers.some(({ prefixes }) => prefixes > others)) firstAt = nowMs();
        return peers.every(({ prefixes }) => prefixes === others + 1);
      },
      1,
    );
    const [{ startedAt, postedAt }, addressedAt, routedAt] = await Promise.all([
      services.create([name]),
      services.addressed(others + 1),
      routed,
    ]);
    const prefix = `${services.addressOf(name)}/32`;
    const kernelAt = await until("the route in the switch's kernel", async () => {
      const events = await this.#stage.routes.events();
      const set = events.filter((each) => each.prefix === prefix && each.atMs >= startedAt && each.change === "set");
      return set.find((each) => each.nextHops.length === this.#stage.nodes.length)?.atMs;
    });
    this.#add("one", `${some}POST answered`, "ms", postedAt - startedAt);
    this.#add("one", `${some}address seen by a watch`, "ms", addressedAt - startedAt);
    this.#add("one", `${some}first path in the switch's table`, "ms", firstAt - startedAt);
    this.#add("one", `${some}paths from all three`, "ms", routedAt - startedAt);
    this.#add("one", `${some}in the switch's kernel, by all three`, "ms", kernelAt - startedAt);
    await wait(500, undefined, { signal: this.#signal });
    const deletedAt = nowMs();
    const [, goneAt] = await Promise.all([services.delete([name]), this.#withdrawn(1, others)]);
    this.#add("one", `${some}deleted: withdrawn from all three`, "ms", goneAt - deletedAt);
    await wait(500, undefined, { signal: this.#signal });
  }

  async #atOnce(): Promise<void> {
    const { services, nodes } = this.#stage;
    const [first = ""] = nodes;
    await this.#quiet();
    const [before, api, began] = [await this.#processes(), await this.#apiServerMs(), nowMs()];
    const traffic = this.#announces
      ? { updates: await this.#stage.updatesFrom(first), bytes: this.#stage.bytesFrom(first) }
      : undefined;
    const [{ startedAt, postedAt }, addressedAt] = await Promise.all([
      services.create(this.#names),
      services.addressed(this.#count),
    ]);
    // The switch is not asked before: that is work for the processors, which those have not who announce nothing.
    const routedAt = await this.#routed();
    const some = `${this.#count} at once`;
    this.#add("many", `${some}: POSTs answered`, "ms", postedAt - startedAt);
    this.#add("many", `${some}: all addresses seen by a watch`, "ms", addressedAt - startedAt);
    if (traffic !== undefined) this.#add("many", `${some}: all routes, from all three`, "ms", routedAt - startedAt);
    const quietAt = await this.#quiet();
    const after = await this.#processes();
    const apiMs = (await this.#apiServerMs()) - api - this.#idleShare * (quietAt - began);
    this.#add("cost", `${some}, processor: API server`, "ms", apiMs);
    this.#add("cost", `${some}, processor: controller`, "ms", after.controllerMs - before.controllerMs);
    if (traffic === undefined) return;
    this.#add("cost", `${some}, memory: controller`, "MiB", after.controllerMiB);
    this.#add("cost", `${some}, processor: each agent`, "ms", after.agentMs - before.agentMs);
    this.#add("cost", `${some}, memory: each agent`, "MiB", after.agentMiB);
    this.#add("cost", `${some}, memory: each agent, without its program`, "MiB", after.agentAnonymousMiB);
    this.#add("cost", `${some}: UPDATEs from one agent`, "", (await this.#stage.updatesFrom(first)) - traffic.updates);
    this.#add("cost", `${some}: bytes from one agent`, "B", this.#stage.bytesFrom(first) - traffic.bytes);
  }

  /** One node's agent, killed and started, and stopped in good order and started. */
  async #restarts(): Promise<void> {
    const [node = ""] = this.#stage.nodes;
    for (const [how, end] of [
      ["killed", (process: HostProcess) => process.kill()],
      ["stopped", (process: HostProcess) => process.stop(20_000)],
    ] as const) {
      const agent = this.#agents.get(node);
      if (agent !== undefined) await end(agent.process);
      await this.#stage.whenSwitch("the session is over", (peers) => peers[0]?.established === false, 5);
      await this.#pause();
      const { startedAt } = await this.#startAgent(node);
      const what = `agent ${how} and started with ${this.#count}`;
      const [sessionAt, routedAt] = await Promise.all([this.#session(node), this.#routed()]);
      this.#add("start", `${what}: session`, "ms", sessionAt - startedAt);
      this.#add("start", `${what}: all routes`, "ms", routedAt - startedAt);
      this.#add("start", `${what}: from its session to all routes`, "ms", routedAt - sessionAt);
      await this.#pause();
    }
  }

  /** Services that wait for a controller, which starts. */
  async #controllerFindsMany(): Promise<void> {
    await this.#controller?.process.stop(20_000);
    await this.#stage.services.create(this.#names);
    await this.#quiet();
    await this.#startController();
    const startedAt = this.#controller?.startedAt ?? Number.NaN;
    const [firstAt, addressedAt, routedAt] = await Promise.all([
      this.#stage.services.addressed(1),
      this.#stage.services.addressed(this.#count),
      this.#routed(),
    ]);
    const what = `${this.#count} waiting, controller started`;
    this.#add("many", `${what}: first address`, "ms", firstAt - startedAt);
    this.#add("many", `${what}: all addresses`, "ms", addressedAt - startedAt);
    this.#add("many", `${what}: from the first address to the last`, "ms", addressedAt - firstAt);
    if (this.#announces) this.#add("many", `${what}: all routes`, "ms", routedAt - startedAt);
    await this.#quiet();
  }

  #session(node: string): Promise<number> {
    const index = this.#stage.nodes.indexOf(node);
    return this.#stage.whenSwitch(`the session of ${node}`, (peers) => peers[index]?.established === true, 2);
  }

  async #routed(): Promise<number> {
    if (!this.#announces) return Number.NaN;
    const all = (peers: readonly SwitchPeer[]) => peers.every(({ prefixes }) => prefixes === this.#count);
    // To ask is work for the processors that those who are measured have.
    return this.#stage.whenSwitch("all routes from all three", all, 20);
  }

  async #removed(): Promise<void> {
    await this.#stage.services.delete(this.#names);
    await this.#withdrawn();
    await this.#quiet();
  }

  async #withdrawn(everyMs = 20, left = 0): Promise<number> {
    return this.#stage.whenSwitch(
      "all is withdrawn",
      (peers) => peers.every(({ prefixes }) => prefixes === left),
      everyMs,
    );
  }

  /** When the API server has nothing to do any more: all events are written, too. */
  async #quiet(): Promise<number> {
    const share = this.#idleShare === 0 ? quietAtFirst : this.#idleShare + quietShare;
    for (let seconds = 0; seconds < 900; seconds += quietSeconds) {
      const before = await this.#apiServerMs();
      await wait(quietSeconds * 1_000, undefined, { signal: this.#signal });
      if ((await this.#apiServerMs()) - before < share * quietSeconds * 1_000) break;
    }
    return nowMs();
  }

  async #pause(): Promise<void> {
    await wait(settlingMs, undefined, { signal: this.#signal });
  }

  async #apiServerMs(): Promise<number> {
    return (await figuresOf(this.#stage.apiServer.id.pid)).processorMs;
  }

  /** Of agents the mean. */
  async #processes() {
    const of = (running: Running | undefined) => figuresOf(running?.process.id.pid ?? 0);
    const controller = await of(this.#controller);
    const agents = await Promise.all([...this.#agents.values()].map(of));
    const mean = (figures: readonly number[]) => figures.reduce((sum, each) => sum + each, 0) / figures.length;
    return {
      controllerMs: controller.processorMs,
      controllerMiB: controller.residentMiB,
      agentMs: mean(agents.map((each) => each.processorMs)),
      agentMiB: mean(agents.map((each) => each.residentMiB)),
      agentAnonymousMiB: mean(agents.map((each) => each.anonymousMiB)),
    };
  }

  #add(group: Figure["group"], what: string, unit: string, value: number): void {
    this.#measured({ group, what, unit, name: this.#peer.name, value });
    // A turn takes minutes: whoever waits sees it go on.
    process.stderr.write(`bench: ${what}: ${this.#peer.name}: ${Math.round(value * 10) / 10} ${unit}\n`);
  }
}

export function serviceNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index}`);
}
