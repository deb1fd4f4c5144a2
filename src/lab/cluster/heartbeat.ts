import { setTimeout as delay } from "node:timers/promises";
import { isApiError, type Client } from "../../kubernetes/client/index.ts";
import { Lease, Node } from "../../kubernetes/resources/index.ts";
import { isReady } from "./conditions.ts";
import { readyNodeStatus } from "./node-lifecycle.ts";

/** Where the nodes' heartbeats are. */
export const leaseNamespace = "kube-node-lease";

/** What kube-scheduler places pods by; more than the lab ever asks for. */
const resources = { cpu: "64", memory: "256Gi", pods: "1000" };
const room = { capacity: resources, allocatable: resources };

export interface Registration {
  readonly nodeName: string;
  /** The node's InternalIP. */
  readonly address: string;
  readonly podCidr: string;
  /** How often the node says that it lives. */
  readonly heartbeatMs: number;
}

/**
 * Registers the node if it is not yet, and renews its lease until the signal is aborted; where it is said not to be
 * ready, says that it is. A heartbeat that fails is left out: the next one counts.
 */
export async function beat(
  client: Client,
  registration: Registration,
  onFailure: (what: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await renewLease(client, registration, signal);
      await sayReady(client, registration, signal);
    } catch (error) {
      if (!signal.aborted) onFailure(`heartbeat of node ${registration.nodeName}`, error);
    }
    await delay(registration.heartbeatMs, undefined, { signal }).catch(() => undefined);
  }
}

async function renewLease(client: Client, { nodeName, heartbeatMs }: Registration, signal: AbortSignal): Promise<void> {
  const metadata = { name: nodeName, namespace: leaseNamespace };
  // A MicroTime: six digits of the second.
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  const leaseDurationSeconds = Math.max(1, Math.round((4 * heartbeatMs) / 1000));
  const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime };
  try {
    await client.patch(Lease, metadata, { type: "merge", body: { spec } }, { signal });
  } catch (error) {
    if (!isApiError(error, "not-found")) throw error;
    await client.create(Lease, { metadata, spec }, { signal });
  }
}

async function sayReady(client: Client, registration: Registration, signal: AbortSignal): Promise<void> {
  const { nodeName: name, address, podCidr } = registration;
  let node = await client.find(Node, { name }, { signal });
  node ??= await client.create(
    Node,
    {
      metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    },
    { signal },
  );
  if (isReady(node)) return;
  const body = { status: { ...readyNodeStatus(node, address, new Date()), ...room } };
  await client.patch(Node, { name }, { type: "merge", body }, { subresource: "status", signal });
}
