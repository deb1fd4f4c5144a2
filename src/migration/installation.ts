import { isApiError, type Client } from "../kubernetes/client/index.ts";
import {
  DaemonSet,
  Deployment,
  keyOf,
  Pod,
  selects,
  selectsLabels,
  type Kind,
  type KubernetesObject,
  type Node,
} from "../kubernetes/resources/index.ts";
import { announcerLabel, asksForLabel } from "./announcer.ts";

/** The two that give addresses and the two that announce. */
export interface Installation {
  readonly metallb: { readonly controller: Deployment; readonly speaker: DaemonSet };
  readonly fairlead: { readonly controller: Deployment; readonly agent: DaemonSet };
}

/** MetalLB's manifests and its chart label otherwise. */
const labels = {
  metallb: (component: string) => [
    { app: "metallb", component },
    { "app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": component },
  ],
  fairlead: (component: string) => [{ "app.kubernetes.io/name": "fairlead", "app.kubernetes.io/component": component }],
} as const;

const install = "helm install fairlead charts/fairlead --set migration.metallb=true --set crds.metallb=false";

/** What is installed; or what is missing of it, and what would be right. */
export async function findInstallation(
  client: Client,
  namespace: string,
  signal?: AbortSignal,
): Promise<Installation | { readonly missing: readonly string[] }> {
  const [deployments, daemonSets] = await Promise.all([
    listed(client, Deployment, namespace, signal),
    listed(client, DaemonSet, namespace, signal),
  ]);
  const missing: string[] = [];
  const one = <Value extends KubernetesObject>(
    all: readonly Value[],
    kind: string,
    wanted: readonly Readonly<Record<string, string>>[],
    advice: string,
  ): Value | undefined => {
    const fitting = all.filter((each) => wanted.some((some) => selectsLabels(some, each.metadata.labels)));
    if (fitting.length === 1) return fitting[0];
    const asked = wanted
      .map((each) =>
        Object.entries(each)
          .map(([key, value]) => `${key}=${value}`)
          .join(","),
      )
      .join(" or ");
    const found = fitting.map(keyOf).join(", ") || "none";
    missing.push(`${kind} in namespace ${namespace} labelled ${asked}: must be one, there is ${found}; ${advice}`);
    return undefined;
  };
  const there = "name MetalLB's namespace by --namespace";
  const controller = one(deployments, "Deployment", labels.metallb("controller"), there);
  const speaker = one(daemonSets, "DaemonSet", labels.metallb("speaker"), there);
  const ours = one(deployments, "Deployment", labels.fairlead("controller"), install);
  const agent = one(daemonSets, "DaemonSet", labels.fairlead("node"), install);
  if (controller === undefined || speaker === undefined || ours === undefined || agent === undefined) {
    return { missing };
  }
  return { metallb: { controller, speaker }, fairlead: { controller: ours, agent } };
}

/** What speaks against moving anything; an empty list when nothing does. */
export function hindrances({ metallb, fairlead }: Installation): string[] {
  const found: string[] = [];
  for (const each of [metallb.controller, metallb.speaker]) {
    const owner = each.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner !== undefined) {
      found.push(
        `${nameOf(each)}: metadata.ownerReferences: ${owner.kind} ${owner.name} keeps it as it is, and would undo each step; it must have no owner`,
      );
    }
  }
  const byFrrK8s = argumentsOf(metallb.speaker).find(
    (each) => each.startsWith("--frrk8s") || each === "METALLB_BGP_TYPE=frr-k8s",
  );
  if (byFrrK8s !== undefined) {
    found.push(
      `${nameOf(metallb.speaker)}: ${byFrrK8s}: sessions are those of frr-k8s, which does not end them when the speaker goes; must be MetalLB's native or frr mode`,
    );
  }
  if (!asksForLabel(fairlead.agent.spec.template.spec.affinity)) {
    found.push(
      `${nameOf(fairlead.agent)}: spec.template.spec.affinity: runs on all nodes; must choose those labelled ${announcerLabel}: set migration.metallb=true in the chart's values`,
    );
  }
  const [theirs, ours] = [metallb.controller, fairlead.controller].map(loadBalancerClassOf);
  if (theirs !== ours) {
    found.push(
      `${nameOf(fairlead.controller)}: --lb-class is ${ours ?? "not given"}; must be as MetalLB has it: ${theirs ?? "not given"}`,
    );
  }
  return found;
}

/** What speaks against both on one node; undefined when nothing does. */
export function portClash({ metallb, fairlead }: Installation): string | undefined {
  const portOf = (set: DaemonSet) => argument(set, "port") ?? "7472";
  const port = portOf(fairlead.agent);
  if (portOf(metallb.speaker) !== port) return undefined;
  return `${nameOf(fairlead.agent)}: --port is ${port}, which is MetalLB's speaker's too; must be another where both are on a node at once: set node.metricsPort=7473 in the chart's values`;
}

export function loadBalancerClassOf(controller: Deployment): string | undefined {
  return argument(controller, "lb-class");
}

export function portOf(set: DaemonSet): number {
  return Number(argument(set, "port") ?? "7472");
}

export function nameOf(object: KubernetesObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

/** Pods that are ending are among them. */
export async function podsOf(
  client: Client,
  of: Deployment | DaemonSet,
  node?: string,
  signal?: AbortSignal,
): Promise<readonly Pod[]> {
  const fieldSelector = node === undefined ? undefined : `spec.nodeName=${node}`;
  const { items } = await client.list(Pod, { namespace: of.metadata.namespace, fieldSelector, signal });
  return items.filter((pod) => selects(of.spec.selector, pod.metadata.labels));
}

/** Whether a DaemonSet's pods may be on a node, its label for the migration aside. */
export function isFor(set: DaemonSet, node: Node): boolean {
  return selectsLabels(set.spec.template.spec.nodeSelector ?? {}, node.metadata.labels);
}

function argument(of: Deployment | DaemonSet, name: string): string | undefined {
  const all = argumentsOf(of);
  const at = all.findIndex((each) => each === `--${name}` || each.startsWith(`--${name}=`));
  if (at < 0) return undefined;
  const joined = all[at]?.split("=").slice(1).join("=") ?? "";
  return joined === "" ? all[at + 1] : joined;
}

/** With the environment, by which MetalLB is told how it speaks BGP. */
function argumentsOf({ spec }: Deployment | DaemonSet): readonly string[] {
  return spec.template.spec.containers.flatMap(({ args = [], env = [] }) => [
    ...args,
    ...env.map(({ name, value = "" }) => `${name}=${value}`),
  ]);
}

async function listed<Value extends KubernetesObject>(
  client: Client,
  kind: Kind<Value>,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<readonly Value[]> {
  try {
    return (await client.list(kind, { namespace, signal })).items;
  } catch (error) {
    // The embedded API server has none of these.
    if (isApiError(error, "not-implemented")) return [];
    throw error;
  }
}
