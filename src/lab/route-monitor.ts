import { readFile } from "node:fs/promises";
import type { HostProcess } from "./host-process.ts";
import { LabError } from "./lab-error.ts";
import type { Lab } from "./lab.ts";
import { until } from "./until.ts";

export interface RouteEvent {
  /** Milliseconds since the epoch, with a fraction. */
  readonly atMs: number;
  readonly change: "set" | "deleted";
  /** With its length, also for a single host: `172.19.100.1/32`; or `default`. */
  readonly prefix: string;
  /** What the route is after the change, sorted; before it, where it was deleted. Empty for a route to a link. */
  readonly nextHops: readonly string[];
}

/**
 * The routes of `ip -ts -o monitor route`, run with `TZ=UTC`; lines about the kernel's own local table, and a last
 * line that is not complete yet, are left out.
 */
export function parseRouteEvents(text: string): RouteEvent[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => parseRouteEvent(line) ?? []);
}

function parseRouteEvent(line: string): RouteEvent | undefined {
  const match = /^\[(\S+?)(\.\d+)?\] (Deleted )?(?:(?:unicast|blackhole|unreachable|prohibit) )?(\S+) (.*)$/.exec(line);
  const [, second, fraction = "", deleted, destination, rest = ""] = match ?? [];
  if (second === undefined || destination === undefined || rest.includes("table local")) return undefined;
  if (destination !== "default" && !/^[0-9a-f.:]+(\/\d+)?$/.test(destination)) return undefined;
  const hops = [...rest.matchAll(/\bvia (?:inet6 )?(\S+)/g)].map((hop) => hop[1] ?? "");
  return {
    atMs: Date.parse(`${second}Z`) + Number(`0${fraction}`) * 1000,
    change: deleted === undefined ? "set" : "deleted",
    prefix: withLength(destination),
    nextHops: hops.sort(),
  };
}

function withLength(destination: string): string {
  if (destination === "default" || destination.includes("/")) return destination;
  return `${destination}/${destination.includes(":") ? 128 : 32}`;
}

/** Watches a host's kernel routes and remembers when each changed. */
export class RouteMonitor {
  readonly #process: HostProcess;

  private constructor(process: HostProcess) {
    this.#process = process;
  }

  /** Resolves when it has subscribed: no change from then on is missed. */
  static async start(lab: Lab, host: string, signal?: AbortSignal): Promise<RouteMonitor> {
    const process = await lab.run(host, {
      name: "route-monitor",
      argv: ["ip", "-ts", "-o", "monitor", "route"],
      env: { TZ: "UTC" },
      separateOutput: true,
      urgent: true,
    });
    const ask = async () => {
      if (process.running) return hasSubscribed(process.id.pid);
      throw new LabError("lab.processEnded", `ip monitor on ${host} ended as it started, see ${process.logFile}`);
    };
    await until(`ip monitor listens on ${host}`, ask, { signal });
    return new RouteMonitor(process);
  }

  /** All that was seen so far, of all prefixes. */
  async events(): Promise<RouteEvent[]> {
    return parseRouteEvents(await readFile(this.#process.outputFile, "utf8"));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/** Whether a process has a netlink socket that listens to groups; its port is the pid of who opened it. */
async function hasSubscribed(pid: number): Promise<boolean> {
  const table = await readFile(`/proc/${pid}/net/netlink`, "utf8").catch(() => "");
  return table.split("\n").some((line) => {
    const [, , port, groups] = line.trim().split(/\s+/);
    return port === String(pid) && groups !== "00000000";
  });
}
