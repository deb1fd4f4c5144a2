import { execFile, spawn, type ChildProcess } from "node:child_process";
import { promisify } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "../src/lab/index.ts";
import { parseRouteEvents } from "../src/lab/route-monitor.ts";
import { parsePrefix, ipv4 } from "../src/net/index.ts";
import { tcpTransport } from "../src/node/bgp/tcp-transport.ts";
import { Speaker } from "../src/protocols/bgp/index.ts";
import { systemClock } from "../src/protocols/clock/index.ts";
import { address } from "../src/net/testing.ts";
import { asn, BfdStage, links, switchToUs } from "./bfd-stage.ts";
import { end } from "./measured-process.ts";
import { Measurements } from "./measurements.ts";
import type { Table } from "./report.ts";

const routes = { ours: "192.0.2.1/32", beside: "192.0.2.2/32" } as const;
type Side = keyof typeof routes;
const names: Readonly<Record<Side, string>> = { ours: "Fairlead", beside: "FRR" };
const run = promisify(execFile);

/**
 * From a failure to the route's end in the switch's kernel. Everything is dropped in a cable, both ways, and the carrier
 * stays: a black hole. Behind one cable is this process, with the agent's BFD and BGP; behind the other FRR's bfdd and
 * bgpd. They fail one after the other, either first: the switch's bgpd takes what comes within 50 ms together.
 */
export async function untilWithdrawn(intervalMs: number, failures: number, signal: AbortSignal): Promise<Table> {
  await using stage = await BfdStage.start({ intervalMs, besideRoute: routes.beside });
  await using stack = new AsyncDisposableStack();
  const speaker = await speak(stage);
  stack.defer(() => speaker.stop({ drainMs: 0 }));
  const monitor = stack.use(await SwitchRoutes.start(stage.parts.switchNamespace));
  const measured = new Measurements();
  for (let round = 0; round < failures; round++) {
    await stage.up(signal);
    const isRouted = async () => Object.values(routes).every((route) => monitor.has(route));
    await until("the switch has both routes", isRouted, { everyMs: 20, timeoutMs: 120_000, signal });
    // Long enough for the intervals to be agreed on, and never at the same point of them.
    await wait(2_000 + Math.random() * intervalMs, undefined, { signal });
    const order = round % 2 === 0 ? (["ours", "beside"] as const) : (["beside", "ours"] as const);
    for (const side of order) {
      const failedAt = await blackhole(stage, side);
      const isGone = async () => !monitor.has(routes[side]);
      await until(`the route of ${names[side]} is gone`, isGone, { everyMs: 10, timeoutMs: 30_000, signal });
      const deletedAt = monitor.deletedAt(routes[side]);
      // A false alarm took the route before the failure did: there is nothing to measure.
      if (deletedAt > failedAt) measured.add(names[side], "ms", deletedAt - failedAt);
      await wait(200, undefined, { signal });
    }
    await mend(stage);
  }
  const title = `Failure to withdrawn route on the switch at ${intervalMs} ms × 3`;
  return { ...measured.table(title), bucket: intervalMs / 10 };
}

async function speak({ parts: { agent } }: BfdStage): Promise<Speaker> {
  const speaker = new Speaker(
    { clock: systemClock, transport: tcpTransport },
    { asn: asn.nodes, routerId: ipv4(0x0a000001) },
  );
  const peer = speaker.addPeer({ name: "switch", remoteAddress: address(switchToUs), remoteAsn: asn.switch });
  const prefix = parsePrefix(routes.ours);
  if (prefix === undefined) throw new Error(`${routes.ours} is no prefix`);
  peer.setRoutes([{ prefix }]);
  agent.onChange(({ isFailure }) => {
    if (isFailure) speaker.resetPeer("switch");
  });
  await speaker.listen();
  return speaker;
}

const drop = (side: Side, link: string) =>
  `add table netdev cut-${side}; add chain netdev cut-${side} ingress { type filter hook ingress device ${link} priority 0; policy drop; }`;

/** When it begins, in milliseconds since 1970: just before the kernel is told. */
async function blackhole({ parts }: BfdStage, side: Side): Promise<number> {
  const atSwitch = `date +%s.%N; nft '${drop(side, links[side])}'`;
  const { stdout } = await run("ip", ["netns", "exec", parts.switchNamespace, "sh", "-c", atSwitch]);
  const where = side === "ours" ? [] : ["ip", "netns", "exec", parts.besideNamespace];
  await execute([...where, "nft", drop(side, "to-switch")]);
  return Number(stdout) * 1_000;
}

async function mend({ parts }: BfdStage): Promise<void> {
  const inNamespace = (name: string) => ["ip", "netns", "exec", name];
  await execute(["nft", "delete table netdev cut-ours"]);
  await execute([...inNamespace(parts.besideNamespace), "nft", "delete table netdev cut-beside"]);
  const both = "delete table netdev cut-ours; delete table netdev cut-beside";
  await execute([...inNamespace(parts.switchNamespace), "nft", both]);
}

async function execute([command = "", ...args]: readonly string[]): Promise<void> {
  await run(command, args);
}

/** What the switch's kernel says of its routes as they change. */
class SwitchRoutes implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #deletedAt = new Map<string, number>();
  readonly #present = new Set<string>();
  #unread = "";

  private constructor(namespace: string) {
    // Its own place at the processor: it is what reads the clock.
    const monitor = ["chrt", "--rr", "2", "ip", "-ts", "-o", "monitor", "route"];
    const env = { ...process.env, TZ: "UTC" };
    this.#child = spawn("ip", ["netns", "exec", namespace, ...monitor], { stdio: ["ignore", "pipe", "inherit"], env });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(text));
  }

  static async start(namespace: string): Promise<SwitchRoutes> {
    const routes = new SwitchRoutes(namespace);
    const { stdout } = await run("ip", ["-n", namespace, "route", "show", "proto", "bgp"]);
    for (const line of stdout.split("\n")) if (line !== "") routes.#present.add(`${line.split(" ")[0]}/32`);
    return routes;
  }

  has(prefix: string): boolean {
    return this.#present.has(prefix);
  }

  deletedAt(prefix: string): number {
    return this.#deletedAt.get(prefix) ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, "SIGTERM");
  }

  #read(text: string): void {
    this.#unread += text;
    const complete = this.#unread.lastIndexOf("\n") + 1;
    for (const { prefix, change, atMs } of parseRouteEvents(this.#unread.slice(0, complete))) {
      if (change === "set") this.#present.add(prefix);
      else if (this.#present.delete(prefix)) this.#deletedAt.set(prefix, atMs);
    }
    this.#unread = this.#unread.slice(complete);
  }
}
