import { execFileSync } from "node:child_process";

/** How long the service proxy takes at a number of services, three endpoints each, in a real kernel. */
export interface ProxyMeasurement {
  readonly services: number;
  /** The whole table, from the objects to the kernel. */
  readonly startMs: number;
  /** One service's endpoints changed, from the notice to the kernel; one number a change. */
  readonly changeMs: readonly number[];
  /** The comparison of the kernel's table with what should be there, after somebody else changed something. */
  readonly verifyMs: number;
  /** With the table made. */
  readonly residentBytes: number;
}

/** Measures in a network namespace of its own, which ends with the measurement. */
export function measureProxy(services: number, changes: number, affinity = false): ProxyMeasurement {
  const script = new URL("proxy-process.ts", import.meta.url).pathname;
  const args = ["-n", process.execPath, "--expose-gc", script, String(services), String(changes), String(affinity)];
  return JSON.parse(execFileSync("unshare", args, { encoding: "utf8" })) as ProxyMeasurement;
}
