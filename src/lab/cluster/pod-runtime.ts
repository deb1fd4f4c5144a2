import { get } from "node:http";
import type { Pod } from "../../kubernetes/resources/index.ts";
import type { HostProcess } from "../host-process.ts";
import { podNamespacePrefix } from "../names.ts";
import { namespacesStartingWith } from "../namespaces.ts";
import { PodSandbox } from "../pod-sandbox.ts";
import { programArgv } from "../program.ts";
import { removeNamespaces } from "../take-down.ts";
import type { Host } from "../topology.ts";

/** A pod that has been started. */
export interface RunningPod {
  readonly addresses: readonly string[];
  /** When its process has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Whether it answers requests now. */
  answers(): Promise<boolean>;
  /** Asks it to end, kills it after `graceMs`, and removes all that was made for it. */
  remove(graceMs: number): Promise<void>;
}

const answerLimitMs = 1000;

/** Runs pods as processes in namespaces, the image of each replaced by the lab's own server. */
export class PodRuntime {
  readonly #labId: string;
  readonly #node: Host;

  constructor(labId: string, node: Host) {
    this.#labId = labId;
    this.#node = node;
  }

  /** Removes pods that another run of the kubelet has left. */
  async clear(): Promise<void> {
    await removeNamespaces(await namespacesStartingWith(podNamespacePrefix(this.#labId, this.#node.name)));
  }

  async start(pod: Pod, signal: AbortSignal): Promise<RunningPod> {
    const { name, namespace = "default" } = pod.metadata;
    const port = pod.spec.containers.flatMap((each) => each.ports ?? [])[0]?.containerPort ?? 80;
    const sandbox = await PodSandbox.create(this.#labId, this.#node, `${namespace}.${name}`, signal);
    let server: HostProcess;
    try {
      server = await sandbox.run({ name: "server", argv: programArgv("pod-server", { name, port: String(port) }) });
    } catch (error) {
      await sandbox.remove();
      throw error;
    }
    return {
      addresses: sandbox.addresses,
      ended: server.ended,
      answers: async () => answers(sandbox.addresses[0], port),
      remove: async (graceMs) => {
        await server.stop(graceMs);
        await sandbox.remove();
      },
    };
  }
}

/** Asked from the node, as a kubelet's readiness probe is. */
async function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: "/", agent: false, timeout: answerLimitMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}
