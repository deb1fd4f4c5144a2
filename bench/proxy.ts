import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Measurements } from "./measurements.ts";
import { quantile } from "./figures.ts";
import type { Benchmark } from "./report.ts";

/** What one run says of the service proxy at a number of services, three endpoints each, in a real kernel. */
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

const runs = 5;
const changes = 50;

/** Needs root. Each run is in a network namespace of its own, which ends with the run. */
export const proxy: Benchmark = {
  name: "proxy",
  about: "kube-proxy's work with nftables: the whole table, one change, the comparison with the kernel",
  async *run(signal) {
    for (const services of [100, 1_000, 5_000]) {
      const measurements = new Measurements();
      for (let run = 0; run < runs; run++) {
        const { startMs, changeMs, verifyMs, residentBytes } = await measure(services, signal);
        measurements.add("the whole table, from the objects to the kernel", "ms", startMs);
        measurements.add(`one Service's endpoints change: median of ${changes}`, "ms", quantile(changeMs, 0.5));
        measurements.add(`one Service's endpoints change: slowest of ${changes}`, "ms", quantile(changeMs, 1));
        measurements.add("comparing the table with the kernel's", "ms", verifyMs);
        measurements.add("resident memory of the process", "MiB", residentBytes / 2 ** 20);
      }
      yield measurements.table(`${services} Services of 3 endpoints each`);
    }
  },
};

async function measure(services: number, signal: AbortSignal): Promise<ProxyMeasurement> {
  const script = join(import.meta.dirname, "proxy-process.ts");
  const args = ["-n", process.execPath, "--expose-gc", script, String(services), String(changes), "false"];
  const { stdout } = await promisify(execFile)("unshare", args, { signal });
  // It is the script's own and only output.
  return JSON.parse(stdout) as ProxyMeasurement;
}
