import type { Client } from "../kubernetes/client/index.ts";
import { Deployment } from "../kubernetes/resources/index.ts";
import { nameOf, podsOf } from "./installation.ts";
import { MigrationError } from "./migration-error.ts";
import { until, type Patience } from "./waiting.ts";

/** On a Deployment that has none: how many replicas it is to have when its turn comes. Written by the chart too. */
const replicasAnnotation = "fairlead.dev/replicas";

export interface Handover {
  readonly from: Deployment;
  readonly to: Deployment;
  /** Done when nobody gives addresses. */
  readonly between?: () => Promise<void>;
}

/**
 * Who gives addresses: `from` is scaled to nothing, and only when no pod of it is left is `to` scaled up. Resolves when
 * that is ready. Whatever was done before is found done.
 */
export async function handOver(
  client: Client,
  { from, to, between }: Handover,
  say: (line: string) => void,
  patience: Patience,
): Promise<void> {
  const { signal } = patience;
  if (from.spec.replicas > 0) {
    if (to.spec.replicas > 0) {
      throw new MigrationError(
        "migration.hindered",
        `${nameOf(to)}: spec.replicas is ${to.spec.replicas} while ${nameOf(from)} runs: there must not be two who give addresses; must be 0`,
      );
    }
    await scale(client, from, 0, { [replicasAnnotation]: String(from.spec.replicas) }, signal);
  }
  await until(
    `${nameOf(from)} is stopped`,
    async () => {
      const pods = await podsOf(client, from, undefined, signal);
      return pods.length === 0 ? undefined : `Pod ${pods[0]?.metadata.name} is still there`;
    },
    patience,
  );
  say(`${nameOf(from)} is stopped: addresses stay, and none is given`);
  await between?.();
  const replicas = to.spec.replicas > 0 ? to.spec.replicas : Number(to.metadata.annotations?.[replicasAnnotation] ?? 1);
  if (to.spec.replicas === 0) await scale(client, to, replicas, {}, signal);
  await until(
    `${nameOf(to)} is ready`,
    async () => {
      const { status } = await client.get(Deployment, to.metadata, { signal });
      const ready = status?.readyReplicas ?? 0;
      return ready >= replicas ? undefined : `status.readyReplicas is ${ready}; must be ${replicas}`;
    },
    patience,
  );
  say(`${nameOf(to)} is ready: it gives addresses now`);
}

async function scale(
  client: Client,
  { metadata }: Deployment,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  // Not over what somebody else has changed since.
  const body = { metadata: { resourceVersion: metadata.resourceVersion, annotations }, spec: { replicas } };
  await client.patch(Deployment, metadata, { type: "merge", body }, { signal });
}
