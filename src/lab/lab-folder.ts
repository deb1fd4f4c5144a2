import { appendFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "./lab-error.ts";
import { isLabId, labFolder, labIdOf, labsFolder } from "./names.ts";
import { startTimeOf } from "./namespaces.ts";
import type { Topology } from "./topology.ts";

/** What names a process for good: pids are used again, and a start time with them is not. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}

export interface ProcessRecord extends ProcessId {
  readonly host: string;
  readonly name: string;
}

/**
 * What a lab's folder says of it, written before anything else is made. Namespaces are not listed: whatever starts with
 * the lab's prefix is the lab's, which holds also for what was made a moment before a crash.
 */
export interface Manifest {
  readonly id: string;
  readonly topology: Topology;
  /** The process that has the lab in its hands; none for a lab that was left running. */
  readonly owner?: ProcessId;
}

const manifestFile = "lab.json";
const processesFile = "processes.jsonl";

/** Makes the lab's folder, which nobody else can then do for the same id: that is the lock. */
export async function claimFolder(id: string, topology: Topology): Promise<Manifest> {
  if (!isLabId(id)) throw new RangeError(`lab id "${id}": up to ten of a-z and 0-9`);
  const folder = labFolder(id);
  try {
    await mkdir(folder, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new LabError("lab.idTaken", `lab ${id}: ${folder} exists already; take it down first, or choose another id`);
  }
  const startTime = await startTimeOf(process.pid);
  const manifest: Manifest = {
    id,
    topology,
    ...(startTime === undefined ? {} : { owner: { pid: process.pid, startTime } }),
  };
  await writeManifest(manifest);
  return manifest;
}

export async function writeManifest(manifest: Manifest): Promise<void> {
  const file = join(labFolder(manifest.id), manifestFile);
  await writeFile(`${file}.new`, JSON.stringify(manifest, undefined, 2));
  await rename(`${file}.new`, file);
}

/** `undefined` where there is a folder without a manifest: its maker was killed between the two. */
export async function readManifest(id: string): Promise<Manifest | undefined> {
  const text = await readFile(join(labFolder(id), manifestFile), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

export async function recordProcess(id: string, record: ProcessRecord): Promise<void> {
  await appendFile(join(labFolder(id), processesFile), `${JSON.stringify(record)}\n`);
}

/** All processes that the lab has ever run on its hosts, first to last; those that have ended included. */
export async function recordedProcesses(id: string): Promise<ProcessRecord[]> {
  const text = await readFile(join(labFolder(id), processesFile), "utf8").catch(() => "");
  // The last line may be cut short, where its writer was killed.
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ProcessRecord);
}

/** The ids of all labs that exist on this machine, whether somebody uses them or not. */
export async function labs(): Promise<string[]> {
  const names = await readdir(labsFolder);
  return names
    .map(labIdOf)
    .filter((id) => id !== undefined)
    .sort();
}
