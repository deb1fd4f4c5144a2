import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { readManifest, recordedProcesses, type ProcessId } from "./lab-folder.ts";
import { LabError } from "./lab-error.ts";
import { isLabId, labFolder, namespacePrefix } from "./names.ts";
import { deleteNamespaces, inodesOf, namespacesStartingWith, processesIn, startTimeOf } from "./namespaces.ts";

/**
 * Ends all that runs in a lab and removes all that it made, in whatever state it is: half built, left by a crash,
 * half taken down. Does nothing where there is nothing. Not to be used by a lab's owner for an orderly end.
 *
 * Rejects with `lab.inUse` while the process lives that runs the lab, if that is not this one.
 */
export async function takeDown(id: string): Promise<void> {
  if (!isLabId(id)) throw new LabError("lab.noSuchLab", `"${id}" is no lab's id: up to ten of a-z and 0-9`);
  const owner = (await readManifest(id))?.owner;
  if (owner !== undefined && owner.pid !== process.pid && (await isRunning(owner))) {
    throw new LabError("lab.inUse", `lab ${id} is run by process ${owner.pid}: end that one, it takes its lab down`);
  }
  for (const record of await recordedProcesses(id)) {
    if (await isRunning(record)) kill(record.pid);
  }
  await removeNamespaces(await namespacesStartingWith(namespacePrefix(id)));
  await rm(labFolder(id), { recursive: true, force: true });
}

/** Kills what runs in the namespaces, then deletes them. */
export async function removeNamespaces(names: readonly string[]): Promise<void> {
  const inodes = await inodesOf(names);
  await killAllIn(inodes);
  await deleteNamespaces(names);
  // Whoever was just entering while the others were killed.
  await killAllIn(inodes);
}

/** Kills until nobody is left: a process may have started another while it was being killed. */
async function killAllIn(inodes: ReadonlySet<string>): Promise<void> {
  for (let round = 0; round < 500; round++) {
    const pids = await processesIn(inodes);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await delay(10);
  }
  throw new LabError("lab.timeout", `processes ${(await processesIn(inodes)).join(", ")} did not end when killed`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function isRunning(id: ProcessId): Promise<boolean> {
  return (await startTimeOf(id.pid)) === id.startTime;
}
