import { setTimeout as wait } from "node:timers/promises";
import { until } from "../src/lab/index.ts";
import { ipv4 } from "../src/net/index.ts";
import { BfdAgent } from "../src/node/bfd/index.ts";
import type { SessionConfig } from "../src/protocols/bfd/index.ts";
import { Measurements } from "./measurements.ts";
import type { Table } from "./report.ts";

const intervalMs = 300;
const measuredMs = 10_000;
const runs = 3;

/** Both ends of each session are in the one thread, at addresses of the loopback link: nothing else is there to be seen. */
export async function sessionsInOneThread(counts: readonly number[], signal: AbortSignal): Promise<Table> {
  const measured = new Measurements();
  for (const count of counts) {
    const agent = new BfdAgent();
    try {
      agent.setSessions(pairs(count / 2));
      const areUp = async () => [...agent.states.values()].every((state) => state === "up");
      await until(`${count} sessions are up`, areUp, { everyMs: 100, timeoutMs: 120_000, signal });
      await wait(5_000, undefined, { signal }); // until the Poll Sequences are over
      for (let run = 0; run < runs; run++) {
        const before = process.cpuUsage();
        await wait(measuredMs, undefined, { signal });
        const { user, system } = process.cpuUsage(before);
        measured.add(`${count} sessions: of one processor`, "%", (user + system) / 10 / measuredMs);
      }
      const { sessions } = await agent.status();
      const downs = sessions.reduce((sum, { timesDown }) => sum + timesDown, 0);
      measured.add(`${count} sessions: false downs`, "downs", downs);
      measured.add(`${count} sessions: memory of the process`, "MiB", process.memoryUsage.rss() / 2 ** 20);
    } finally {
      await agent.stop();
    }
  }
  return measured.table(`Sessions at ${intervalMs} ms × 3, both ends in one thread`);
}

function pairs(count: number): SessionConfig[] {
  return Array.from({ length: count }, (_, index) => {
    const [one, other] = [ipv4(0x7f010001 + index), ipv4(0x7f020001 + index)];
    const interval = { transmitIntervalMs: intervalMs, receiveIntervalMs: intervalMs };
    return [
      { name: `one-${index}`, localAddress: one, remoteAddress: other, ...interval },
      { name: `other-${index}`, localAddress: other, remoteAddress: one, ...interval },
    ];
  }).flat();
}
