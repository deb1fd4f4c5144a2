import { nowMs } from "../measured-process.ts";
import { Measurements } from "../measurements.ts";
import type { Table } from "../report.ts";
import { processorMs, residentMiB, type Announcer } from "./announcer.ts";
import { bird } from "./bird.ts";
import { fairlead } from "./fairlead.ts";
import { gobgp } from "./gobgp.ts";
import type { Switch } from "./switch.ts";
import { fewestMessages, type Workload } from "./workload.ts";

const announcers = [fairlead, bird, gobgp];
/** Who has not got its routes across by then is shown as NaN. */
const boundMs = 60_000;
/** The workload whose session is also reset. */
const flapPrefixes = 10_000;

/** What each announcer does with one workload, by turns. */
export async function announcing(workload: Workload, runs: number, at: Switch, signal: AbortSignal): Promise<Table> {
  const measurements = new Measurements();
  for (let run = 0; run < runs; run++) {
    const byAnnouncer: Map<string, Figure>[] = [];
    // Each is first once in a while: what the one before it has left in caches does good or harm to all alike.
    const order = announcers.map((_, index) => (index + run) % announcers.length);
    for (const index of order) {
      const announcer = announcers[index];
      signal.throwIfAborted();
      if (announcer !== undefined) byAnnouncer[index] = await measure(announcer, workload, at);
    }
    for (const name of byAnnouncer[0]?.keys() ?? []) {
      for (const [index, figures] of byAnnouncer.entries()) {
        const figure = figures.get(name);
        if (figure !== undefined) measurements.add(`${name}: ${announcers[index]?.name}`, figure.unit, figure.value);
      }
    }
  }
  const { prefixes, attributeSets } = workload;
  const sets = `${attributeSets} attribute set${attributeSets === 1 ? "" : "s"}`;
  const title = `${prefixes} prefixes with ${sets} to one FRR; at least ${fewestMessages(workload)} UPDATEs`;
  return measurements.table(title);
}

interface Figure {
  readonly unit: string;
  readonly value: number;
}

async function measure(announcer: Announcer, workload: Workload, at: Switch): Promise<Map<string, Figure>> {
  const { prefixes } = workload;
  const figures = new Map<string, Figure>();
  const note = (name: string, unit: string, value: number) => figures.set(name, { unit, value });
  await using running = await announcer.start(workload);
  const workBefore = processorMs(running.pid);
  const updatesBefore = await at.updates();
  const mark = await at.connect();
  const doneAt = await at.has(prefixes, boundMs);
  note("OPEN to all in FRR's table", "ms", doneAt - (await at.openedAt(mark)));
  note("processor time for it", "ms", processorMs(running.pid) - workBefore);
  const updates = (await at.updates()) - updatesBefore;
  note("UPDATEs", "", updates);
  note("UPDATEs, to the fewest possible", "×", updates / fewestMessages(workload));
  note("bytes to FRR", "B", at.bytes());
  note("resident then", "MiB", await residentMiB(running.pid));

  if (prefixes > announcer.mostToldAgain) {
    await at.disconnect();
    return figures;
  }
  await running.withdraw();
  const withdrawn = !Number.isNaN(await at.has(0, boundMs));
  const toldAt = nowMs();
  await running.announce();
  const announcedAt = withdrawn ? await at.has(prefixes, boundMs) : Number.NaN;
  note("told to announce, to all in FRR's table", "ms", announcedAt - toldAt);
  if (prefixes === flapPrefixes) {
    const resetAt = nowMs();
    await at.reset();
    await at.has(0, boundMs);
    note("session reset by FRR, to all back", "ms", (await at.has(prefixes, boundMs)) - resetAt);
  }
  await at.disconnect();
  return figures;
}
