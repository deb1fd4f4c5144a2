import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { cniAdd, cniDelete, type CniNetwork } from "./cni.ts";
import { HostProcess, type ProcessSpec } from "./host-process.ts";
import { LabError } from "./lab-error.ts";
import { hostNamespace, hostRunFolder, labFolder, podNamespacePrefix } from "./names.ts";
import { addNamespaces, ipBatch } from "./namespaces.ts";
import { removeNamespaces } from "./take-down.ts";
import type { Host } from "./topology.ts";

/** A pod as its node's kernel has it: a namespace connected by CNI, with addresses; processes run inside. */
export class PodSandbox {
  readonly name: string;
  /** The first is the pod's own; the others are of other families. */
  readonly addresses: readonly [string, ...string[]];
  readonly namespace: string;
  readonly #containerId: string;
  readonly #network: CniNetwork;
  readonly #folder: string;

  private constructor(
    name: string,
    addresses: readonly [string, ...string[]],
    made: { namespace: string; containerId: string; network: CniNetwork; folder: string },
  ) {
    this.name = name;
    this.addresses = addresses;
    this.namespace = made.namespace;
    this.#containerId = made.containerId;
    this.#network = made.network;
    this.#folder = made.folder;
  }

  /** `name` is one of this node's pods, with its namespace where there are several: `default.web-x7v4q`. */
  static async create(labId: string, node: Host, name: string, signal?: AbortSignal): Promise<PodSandbox> {
    if (node.podCidr === undefined) throw new LabError("lab.cni", `host ${node.name} has no podCidr: it runs no pods`);
    const namespace = `${podNamespacePrefix(labId, node.name)}${name}`;
    const containerId = `${name}-${randomBytes(4).toString("hex")}`;
    const network: CniNetwork = {
      nodeNamespace: hostNamespace(labId, node.name),
      podCidr: node.podCidr,
      dataFolder: join(hostRunFolder(labId, node.name), "cni"),
    };
    await addNamespaces([namespace], signal);
    try {
      await ipBatch(namespace, ["link set dev lo up"], signal);
      const [address, ...others] = await cniAdd(network, { containerId, podNamespace: namespace }, signal);
      if (address === undefined) throw new LabError("lab.cni", `CNI gave pod ${name} no address`);
      const folder = join(labFolder(labId), node.name, "pods", name);
      return new PodSandbox(name, [address, ...others], { namespace, containerId, network, folder });
    } catch (error) {
      await cniDelete(network, { containerId, podNamespace: namespace }).catch(() => undefined);
      await removeNamespaces([namespace]);
      throw error;
    }
  }

  async run(spec: ProcessSpec): Promise<HostProcess> {
    return HostProcess.start(this.namespace, this.#folder, spec);
  }

  /** Ends what still runs in it, and gives its address back. */
  async remove(): Promise<void> {
    await cniDelete(this.#network, { containerId: this.#containerId, podNamespace: this.namespace });
    await removeNamespaces([this.namespace]);
  }
}
