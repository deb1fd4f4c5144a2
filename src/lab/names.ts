import { randomInt } from "node:crypto";
import { join } from "node:path";

/**
 * Everything that a lab makes on the machine has the lab's id in its name, so that labs run side by side and a lab can
 * be taken down by anybody who knows its id. Links need no id: they exist in the lab's namespaces only.
 */
export function namespacePrefix(labId: string): string {
  return `fl-${labId}-`;
}

export function hostNamespace(labId: string, host: string): string {
  return `${namespacePrefix(labId)}${host}`;
}

/** The namespace of all bridges: a bridge is neither part of a node nor of the machine that the lab runs on. */
export function wiresNamespace(labId: string): string {
  return `${namespacePrefix(labId)}wires`;
}

/** Namespaces of a node's pods start with this, which no host's namespace does. */
export function podNamespacePrefix(labId: string, node: string): string {
  return `${hostNamespace(labId, node)}--`;
}

const folderPrefix = "fairlead-lab-";

export const labsFolder = "/run";

export function labFolder(labId: string): string {
  return join(labsFolder, `${folderPrefix}${labId}`);
}

/** What a host keeps while it runs, and has lost after the power failed: its own /run. */
export function hostRunFolder(labId: string, host: string): string {
  return join(labFolder(labId), host, "run");
}

export function labIdOf(folderName: string): string | undefined {
  const id = folderName.startsWith(folderPrefix) ? folderName.slice(folderPrefix.length) : "";
  return isLabId(id) ? id : undefined;
}

export function isLabId(text: string): boolean {
  return /^[a-z0-9]{1,10}$/.test(text);
}

export function randomLabId(): string {
  return randomInt(36 ** 3, 36 ** 4).toString(36);
}
