import { ApiError, type Client } from "../kubernetes/client/index.ts";
import { NodeReport, type DaemonSet, type Pod } from "../kubernetes/resources/index.ts";
import { plan } from "../plan/index.ts";
import { readSnapshot } from "../snapshot/index.ts";
import { nameOf, podsOf, portOf } from "./installation.ts";

export interface Asked {
  readonly client: Client;
  readonly namespace: string;
  readonly loadBalancerClass: string | undefined;
  readonly signal: AbortSignal;
}

/** What is missing until nothing of a DaemonSet is on a node, not even its end. */
export async function missingAbsence(
  { client, signal }: Asked,
  set: DaemonSet,
  node: string,
): Promise<string | undefined> {
  const [pod] = await podsOf(client, set, node, signal);
  return pod && `Pod ${pod.metadata.name} is still there`;
}

/** What is missing until Fairlead announces from a node all that it is meant to. */
export async function missingOfFairlead(asked: Asked, agent: DaemonSet, node: string): Promise<string | undefined> {
  const { client, signal, namespace, loadBalancerClass } = asked;
  const pod = await readyPod(asked, agent, node);
  if (typeof pod === "string") return pod;
  const report = await client.find(NodeReport, { name: node }, { signal });
  // An agent before this one has left its report. Both times are the node's own clock.
  const isOfThis = secondsOf(report?.status?.startTime) >= secondsOf(pod.status?.startTime);
  if (!isOfThis) return `the agent in Pod ${pod.metadata.name} has not written NodeReport ${node} yet`;
  const { snapshot, read } = await readSnapshot(client, { namespace, loadBalancerClass }, signal);
  const decided = plan({ ...snapshot, configuration: read.ok ? read.configuration : snapshot.configuration });
  for (const [peer, { routes }] of decided.planFor(node)?.sessions ?? []) {
    const session = report?.status?.sessions.find((each) => each.peer === peer);
    if (session?.state !== "Established") {
      const why = [session?.lastError, ...(report?.status?.problems ?? []).map(({ message }) => message)].filter(
        Boolean,
      );
      return `NodeReport ${node}: session with BGPPeer ${peer} is ${session?.state ?? "not there"}; must be Established${why.length === 0 ? "" : `: ${why.join("; ")}`}`;
    }
    if (session.prefixes < routes.size) {
      return `NodeReport ${node}: announces ${session.prefixes} prefixes to BGPPeer ${peer}; must be ${routes.size}`;
    }
  }
  return undefined;
}

/** A process of MetalLB tells of its sessions by its metrics alone. */
export type SessionsSeen = { readonly missing: string } | { readonly unknown: string } | "established";

/** What is to be seen of a node's MetalLB; `unknown` where its speaker runs, but its metrics cannot be read. */
export async function seenOfMetallb(asked: Asked, speaker: DaemonSet, node: string): Promise<SessionsSeen> {
  const pod = await readyPod(asked, speaker, node);
  if (typeof pod === "string") return { missing: pod };
  const { name, namespace } = pod.metadata;
  let text: string;
  try {
    text = await asked.client.askPod({ name, namespace }, portOf(speaker), "/metrics", { signal: asked.signal });
  } catch (error) {
    if (error instanceof ApiError) return { unknown: error.message };
    throw error;
  }
  const sessions = [...text.matchAll(/^metallb_bgp_session_up\{(.*)\} (\S+)$/gm)];
  const down = sessions.find(([, , value]) => value !== "1");
  if (sessions.length === 0) return { missing: `Pod ${name} has no session yet` };
  return down === undefined
    ? "established"
    : { missing: `Pod ${name}: metallb_bgp_session_up{${down[1]}} is ${down[2]}` };
}

/** The pod of a DaemonSet on a node when it is ready; until then what is missing. */
async function readyPod({ client, signal }: Asked, set: DaemonSet, node: string): Promise<Pod | string> {
  const pods = await podsOf(client, set, node, signal);
  const pod = pods.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) return `${nameOf(set)} has no pod there yet`;
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return pod;
  return `Pod ${pod.metadata.name} is not ready: ${ready?.message ?? pod.status?.phase ?? "Pending"}`;
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? -1 : Math.floor(Date.parse(time) / 1000);
}
