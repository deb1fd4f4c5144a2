import type { HostProcess } from "../host-process.ts";
import type { Lab } from "../lab.ts";
import { programArgv } from "../program.ts";

export interface ControllersProcessOptions {
  readonly kubeconfig: string;
  /** See `ControllersOptions`. */
  readonly nodeGraceMs: number;
}

/** Starts the lab's controllers and scheduler, for a cluster that has none of its own. */
export async function startControllers(
  lab: Lab,
  host: string,
  { kubeconfig, nodeGraceMs }: ControllersProcessOptions,
): Promise<HostProcess> {
  const argv = programArgv("controllers", { kubeconfig, "node-grace-ms": String(nodeGraceMs) });
  return lab.run(host, { name: "controllers", argv });
}

export interface KubeletProcessOptions {
  readonly kubeconfig: string;
  readonly heartbeatMs: number;
  /** Where the image is that its containers may be started from. */
  readonly imageFolder?: string | undefined;
  /** A file of `ProgramsByImage`. */
  readonly programsFile?: string | undefined;
}

/** Starts the kubelet of a node; anew after the node was booted. */
export async function startKubelet(
  lab: Lab,
  node: string,
  { kubeconfig, heartbeatMs, imageFolder, programsFile }: KubeletProcessOptions,
): Promise<HostProcess> {
  const image = imageFolder === undefined ? {} : { image: imageFolder };
  const programs = programsFile === undefined ? {} : { programs: programsFile };
  const usual = { lab: lab.id, node, kubeconfig, "heartbeat-ms": String(heartbeatMs) };
  const argv = programArgv("kubelet", { ...usual, ...image, ...programs });
  return lab.run(node, { name: "kubelet", argv });
}
