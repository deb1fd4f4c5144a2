import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "../../kubernetes/client/index.ts";
import type { Pod } from "../../kubernetes/resources/index.ts";
import { environmentOf, type PodNode } from "./pod-environment.ts";
import { serviceAccountToken } from "./service-account-token.ts";

/** What is run for an image: a program, and what it is told before the container's arguments. */
export type ProgramsByImage = Readonly<Record<string, readonly string[]>>;

/** Programs of this machine that a kubelet starts in place of images, with what a pod is given to reach the API server. */
export interface PodPrograms {
  readonly byImage: ProgramsByImage;
  /** The kubelet's own: it asks for its pods' tokens. */
  readonly access: Client;
}

/** The arguments that run a container's program inside of it, with these of its own. */
export type ContainerRun = (args: readonly string[]) => string[];

export interface PodProgramOptions {
  readonly program: readonly string[];
  readonly node: PodNode;
  /** Of the pod, for what it is given as a volume. */
  readonly folder: string;
  readonly access: Client;
}

/** Where a pod has its service account, below /run. */
const accountFolder = "secrets/kubernetes.io/serviceaccount";

/** In a mount namespace that ends with the process, its /run is the pod's own. */
const withOwnRun = 'mount --bind "$1" /run && shift && exec "$@"';

/**
 * Makes what a pod's first container sees, and says by which arguments its program is run in there: with the container's
 * own environment and capabilities.
 */
export async function podProgram(
  pod: Pod,
  { program, node, folder, access }: PodProgramOptions,
  signal: AbortSignal,
): Promise<ContainerRun> {
  const [container] = pod.spec.containers;
  const run = join(folder, "run");
  const secrets = join(run, accountFolder);
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const { server, certificateAuthority = "" } = access.access;
  await writeFile(join(secrets, "token"), await serviceAccountToken(access, pod, signal), { mode: 0o600 });
  await writeFile(join(secrets, "ca.crt"), certificateAuthority);
  await writeFile(join(secrets, "namespace"), pod.metadata.namespace ?? "default");
  const given = [`KUBERNETES_SERVICE_HOST=${server.hostname}`, `KUBERNETES_SERVICE_PORT=${server.port}`];
  const kept = (container?.securityContext?.capabilities?.add ?? []).map((name) => `,+${name.toLowerCase()}`).join("");
  const enter = ["unshare", "--mount", "--propagation", "private", "--"];
  const mount = ["sh", "-c", withOwnRun, "pod", run];
  const told = ["env", "--unset=KUBECONFIG", ...given, ...environmentOf(pod, node)];
  const bound = ["setpriv", "--no-new-privs", `--bounding-set=-all${kept}`];
  return (args) => [...enter, ...mount, ...told, ...bound, ...program, ...args];
}

/** What `BgpCluster` has written for its kubelets. */
export async function readPrograms(file: string): Promise<ProgramsByImage> {
  return JSON.parse(await readFile(file, "utf8")) as ProgramsByImage;
}
