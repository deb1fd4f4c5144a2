import { execFileSync } from "node:child_process";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../src/lab/index.ts";
import { Frr } from "../../test/interop/frr.ts";
import { Neighbour } from "../../test/interop/namespaces.ts";
import { nowMs } from "../measured-process.ts";
import { Vty } from "../vty.ts";

/** FRR at 10.0.0.2, which dials the announcer at 10.0.0.1 when it is told to; everything is timed by it, for all alike. */
export class Switch implements AsyncDisposable {
  readonly #neighbour: Neighbour;
  readonly #frr: Frr;
  readonly #vty: Vty;
  readonly #signal: AbortSignal;

  private constructor(neighbour: Neighbour, frr: Frr, signal: AbortSignal) {
    this.#neighbour = neighbour;
    this.#frr = frr;
    this.#vty = new Vty(frr);
    this.#signal = signal;
  }

  static async start(signal: AbortSignal): Promise<Switch> {
    const neighbour = new Neighbour("bench", ["10.0.0.1/24"], ["10.0.0.2/24"]);
    try {
      const at = new Switch(neighbour, await Frr.start(neighbour.name, configuration), signal);
      // A file of its own: the one of the command line has whole seconds only.
      await at.#configure("log timestamp precision 6", `log file ${at.#log}`);
      return at;
    } catch (error) {
      neighbour[Symbol.dispose]();
      throw error;
    }
  }

  /** Dials the announcer. Returns where its log stands, for `openedAt`. */
  async connect(): Promise<number> {
    const { size } = await stat(this.#log);
    await this.#configure("router bgp 65210", "no neighbor 10.0.0.1 shutdown");
    return size;
  }

  /** Ends the session, forgets the routes, and dials no more. */
  async disconnect(): Promise<void> {
    await this.#configure("router bgp 65210", "neighbor 10.0.0.1 shutdown");
    await until("FRR has let go", async () => {
      const { established, prefixes } = await this.#vty.peer();
      return !established && prefixes === 0;
    });
  }

  /** Ends the session as an operator would, and dials again. */
  async reset(): Promise<void> {
    await this.#vty.ask("clear bgp 10.0.0.1");
  }

  /** When its table has so many prefixes from the announcer, in ms since 1970; NaN after `boundMs`. */
  async has(prefixes: number, boundMs: number): Promise<number> {
    const end = nowMs() + boundMs;
    // Without a pause: FRR answers in less than the shortest that a timer has.
    while ((await this.#vty.peer()).prefixes !== prefixes) {
      this.#signal.throwIfAborted();
      if (nowMs() > end) return Number.NaN;
    }
    return nowMs();
  }

  /** When the announcer's OPEN had come, in ms since 1970; `from` is what `connect` returned. */
  async openedAt(from: number): Promise<number> {
    await using file = await open(this.#log);
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const [, date, time, fraction] = /^(\S+) ([\d:]+)\.(\d+) .*10\.0\.0\.1 rcv OPEN/m.exec(buffer.toString()) ?? [];
    return Date.parse(`${date?.replaceAll("/", "-")}T${time}`) + Number(fraction) / 1_000;
  }

  /** UPDATEs that the announcer has sent since the start. */
  async updates(): Promise<number> {
    return Number(/"updatesRecv":(\d+)/.exec(await this.#vty.ask("show bgp neighbors 10.0.0.1 json"))?.[1] ?? 0);
  }

  /** What TCP counted on its side of the connection. */
  bytes(): number {
    const asked = ["netns", "exec", this.#neighbour.name, "ss", "-tinH", "state", "established"];
    return Number(/bytes_received:(\d+)/.exec(String(execFileSync("ip", asked)))?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#vty[Symbol.dispose]();
    await this.#frr[Symbol.asyncDispose]();
    this.#neighbour[Symbol.dispose]();
  }

  get #log(): string {
    return join(this.#frr.folder, "timed-log");
  }

  async #configure(...lines: readonly string[]): Promise<void> {
    for (const command of ["enable", "configure terminal", ...lines, "end"]) await this.#vty.ask(command);
  }
}

/**
 * `no-rib`: the kernel's table is not what is measured, and its work would disturb the next run. `coalesce-time 0` suits
 * BIRD, whose last UPDATEs wait until FRR has said something; FRR otherwise waits a second before its first.
 */
const configuration = `
debug bgp neighbor-events
bgp no-rib
router bgp 65210
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 coalesce-time 0
 neighbor 10.0.0.1 remote-as 65211
 neighbor 10.0.0.1 shutdown
 neighbor 10.0.0.1 timers connect 1
`;
