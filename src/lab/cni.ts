import { attempt } from "./command.ts";
import { LabError } from "./lab-error.ts";
import { inside, namespacePath } from "./namespaces.ts";

/** Where Debian's containernetworking-plugins are. */
const pluginsFolder = "/usr/lib/cni";

export interface CniNetwork {
  /** The node's namespace: the plugin makes its bridge and its ends of the pods' links there. */
  readonly nodeNamespace: string;
  readonly podCidr: string;
  /** Where host-local remembers which pod has which address. */
  readonly dataFolder: string;
}

/** One pod's attachment, named as the CNI specification names it. */
export interface CniAttachment {
  readonly containerId: string;
  readonly podNamespace: string;
}

/** Connects a pod to its node's network and gives its addresses, without their lengths. */
export async function cniAdd(network: CniNetwork, pod: CniAttachment, signal?: AbortSignal): Promise<string[]> {
  const result = JSON.parse(await invoke("ADD", network, pod, signal)) as { ips?: readonly { address: string }[] };
  return (result.ips ?? []).map((ip) => ip.address.split("/")[0] ?? ip.address);
}

/** Undoes `cniAdd`; where there is nothing to undo it does nothing. */
export async function cniDelete(network: CniNetwork, pod: CniAttachment, signal?: AbortSignal): Promise<void> {
  await invoke("DEL", network, pod, signal);
}

/** Parameters go in the environment, configuration on standard input: CNI specification 1.0, section 2. */
async function invoke(
  verb: "ADD" | "DEL",
  network: CniNetwork,
  pod: CniAttachment,
  signal?: AbortSignal,
): Promise<string> {
  const ended = await attempt(inside(network.nodeNamespace, [`${pluginsFolder}/bridge`]), {
    input: JSON.stringify(configuration(network)),
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: pod.containerId,
      CNI_NETNS: namespacePath(pod.podNamespace),
      CNI_IFNAME: "eth0",
      CNI_PATH: pluginsFolder,
    },
    signal,
  });
  if (ended.status === 0) return ended.stdout;
  throw new LabError("lab.cni", `CNI ${verb} for ${pod.containerId}: ${(ended.stdout + ended.stderr).trim()}`);
}

function configuration(network: CniNetwork): object {
  return {
    cniVersion: "1.0.0",
    name: "fairlead-lab",
    type: "bridge",
    bridge: "cni0",
    isDefaultGateway: true,
    // Masquerading is the service proxy's; the plugin would do it with iptables.
    ipMasq: false,
    // A pod that calls its own Service may meet itself.
    hairpinMode: true,
    ipam: { type: "host-local", dataDir: network.dataFolder, ranges: [[{ subnet: network.podCidr }]] },
  };
}
