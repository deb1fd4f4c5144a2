import { get } from "node:http";
import { join } from "node:path";
import type { Pod } from "../../kubernetes/resources/index.ts";
import { HostProcess, type ProcessSpec } from "../host-process.ts";
import { containerArgv } from "../image/container.ts";
import type { ContainerImage } from "../image/container-image.ts";
import { hostNamespace, labFolder, podNamespacePrefix } from "../names.ts";
import { namespacesStartingWith } from "../namespaces.ts";
import { PodSandbox } from "../pod-sandbox.ts";
import { programArgv } from "../program.ts";
import { removeNamespaces } from "../take-down.ts";
import { addressOn, type Host } from "../topology.ts";
import { environmentOf } from "./pod-environment.ts";
import { podProgram, type ContainerRun, type PodPrograms } from "./pod-programs.ts";
import { probeOf, startupCommandOf, type Probe } from "./pod-probe.ts";

/** A pod that has been started. */
export interface RunningPod {
  readonly addresses: readonly string[];
  /** When its process has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Runs its startup probe: whether it may be asked from now on. */
  hasStarted(): Promise<boolean>;
  /** Whether it answers requests now. */
  answers(): Promise<boolean>;
  /** Asks it to end, kills it after `graceMs`, and removes all that was made for it. */
  remove(graceMs: number): Promise<void>;
}

const answerLimitMs = 1000;

/** A pod's network: a sandbox of its own, or its node's. */
interface PodNetwork {
  readonly addresses: readonly [string, ...string[]];
  run(spec: ProcessSpec): Promise<HostProcess>;
  remove(): Promise<void>;
}

/** What a node has to start containers from. */
export interface PodSources {
  /** Its files. */
  readonly image?: ContainerImage | undefined;
  /** Programs of this machine in place of images. */
  readonly programs?: PodPrograms | undefined;
}

/**
 * Runs pods as processes in namespaces. Containers of the image that the node has run on that image's files, those of
 * images that have programs run these; the image of each other is replaced by the lab's own server.
 */
export class PodRuntime {
  readonly #labId: string;
  readonly #node: Host;
  readonly #sources: PodSources;

  constructor(labId: string, node: Host, sources: PodSources = {}) {
    this.#labId = labId;
    this.#node = node;
    this.#sources = sources;
  }

  /** Removes pods that another run of the kubelet has left. */
  async clear(): Promise<void> {
    await removeNamespaces(await namespacesStartingWith(podNamespacePrefix(this.#labId, this.#node.name)));
  }

  async start(pod: Pod, signal: AbortSignal): Promise<RunningPod> {
    const [container] = pod.spec.containers;
    const name = container?.name ?? "server";
    const probe = probeOf(pod);
    const network = await this.#networkOf(pod, signal);
    let run: ContainerRun | undefined;
    let process: HostProcess;
    try {
      run = await this.#containerOf(pod, signal);
      const server = programArgv("pod-server", { name: pod.metadata.name, port: String(probe.port) });
      process = await network.run({ name, argv: run?.(container?.args ?? []) ?? server });
    } catch (error) {
      await network.remove();
      throw error;
    }
    return {
      addresses: network.addresses,
      ended: process.ended,
      hasStarted: async () => {
        const [program, ...args] = startupCommandOf(pod) ?? [];
        if (program === undefined || run === undefined) return true;
        // One that cannot be run has not ended well.
        const asking = await network.run({ name: `${name}-startup-probe`, argv: run(args) }).catch(() => undefined);
        return (await asking?.ended)?.status === 0;
      },
      answers: async () => answers(network.addresses[0], probe),
      remove: async (graceMs) => {
        await process.stop(graceMs);
        await network.remove();
      },
    };
  }

  async #networkOf(pod: Pod, signal: AbortSignal): Promise<PodNetwork> {
    const { name, namespace = "default" } = pod.metadata;
    if (pod.spec.hostNetwork !== true) {
      return PodSandbox.create(this.#labId, this.#node, `${namespace}.${name}`, signal);
    }
    const folder = this.#folderOf(pod);
    return {
      addresses: [addressOn(this.#node, "data")],
      run: (spec) => HostProcess.start(hostNamespace(this.#labId, this.#node.name), folder, spec),
      remove: () => Promise.resolve(),
    };
  }

  /** Undefined where the lab's own server takes the container's place. */
  async #containerOf(pod: Pod, signal: AbortSignal): Promise<ContainerRun | undefined> {
    const [container] = pod.spec.containers;
    const node = { name: this.#node.name, address: addressOn(this.#node, "data") };
    const { image, programs } = this.#sources;
    const program = programs?.byImage[container?.image ?? ""];
    if (programs !== undefined && program !== undefined) {
      return podProgram(pod, { program, node, folder: this.#folderOf(pod), access: programs.access }, signal);
    }
    if (image === undefined || container?.image !== image.reference) return undefined;
    const env = environmentOf(pod, node);
    const capabilities = container.securityContext?.capabilities?.add ?? [];
    const volume = labFolder(this.#labId);
    return (args) => containerArgv(image, { args, env, capabilities, volume });
  }

  #folderOf({ metadata: { name, namespace = "default" } }: Pod): string {
    return join(labFolder(this.#labId), this.#node.name, "pods", `${namespace}.${name}`);
  }
}

/** Asked from the node, as a kubelet's readiness probe is. */
async function answers(address: string, { host = address, port, path }: Probe): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false, timeout: answerLimitMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}
