import type { Client, JsonPatchStep } from "../kubernetes/client/index.ts";
import { ControllerRevision, DaemonSet, Pod } from "../kubernetes/resources/index.ts";
import { asksForLabel, avoidingMoved, withoutLabel } from "./announcer.ts";
import { nameOf, podsOf } from "./installation.ts";
import { until, type Patience } from "./waiting.ts";

/** On MetalLB's DaemonSet: the update strategy that it had. */
const strategyAnnotation = "fairlead.dev/update-strategy";

/** By which Kubernetes' DaemonSet controller knows from which revision a pod was made. */
const revisionLabel = "controller-revision-hash";

/**
 * From now on the speaker leaves nodes by their label. Its pods are to stay as they are: a changed template would have
 * them all made anew, one after the other, so the strategy is `OnDelete` meanwhile. Says whether there was anything to
 * do.
 */
export async function prepareSpeaker(client: Client, speaker: DaemonSet, patience: Patience): Promise<boolean> {
  const { metadata, spec } = speaker;
  if (asksForLabel(spec.template.spec.affinity)) return false;
  const { resourceVersion } = metadata;
  // What a way back has not put back yet is still what was before.
  const strategy = metadata.annotations?.[strategyAnnotation] ?? spec.updateStrategy.type;
  const annotations = { [strategyAnnotation]: strategy };
  const template = { spec: { affinity: avoidingMoved(spec.template.spec.affinity) } };
  const body = {
    metadata: { resourceVersion, annotations },
    spec: { updateStrategy: { type: "OnDelete" }, template },
  };
  await client.patch(DaemonSet, metadata, { type: "merge", body }, { signal: patience.signal });
  await observed(client, speaker, patience);
  return true;
}

/**
 * Undoes `prepareSpeaker`, when no node has the label any more. Pods that were made meanwhile differ from the template
 * in a condition that their nodes meet: they are called its own, so that they are not made anew.
 */
export async function restoreSpeaker(client: Client, speaker: DaemonSet, patience: Patience): Promise<void> {
  const { signal } = patience;
  const { metadata } = speaker;
  const { spec } = await client.get(DaemonSet, metadata, { signal });
  if (asksForLabel(spec.template.spec.affinity)) {
    const path = "/spec/template/spec/affinity";
    const affinity = withoutLabel(spec.template.spec.affinity);
    const step: JsonPatchStep =
      affinity === undefined ? { op: "remove", path } : { op: "replace", path, value: affinity };
    await client.patch(DaemonSet, metadata, { type: "json", body: [step] }, { signal });
    await observed(client, speaker, patience);
  }
  const strategy = (await client.get(DaemonSet, metadata, { signal })).metadata.annotations?.[strategyAnnotation];
  if (strategy === undefined) return;
  await callCurrent(client, speaker, signal);
  const body = {
    metadata: { annotations: { [strategyAnnotation]: null } },
    spec: { updateStrategy: { type: strategy } },
  };
  await client.patch(DaemonSet, metadata, { type: "merge", body }, { signal });
}

async function callCurrent(client: Client, speaker: DaemonSet, signal: AbortSignal): Promise<void> {
  const { namespace, uid } = speaker.metadata;
  const { items } = await client.list(ControllerRevision, { namespace, signal });
  const own = items.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  const current = own.toSorted((a, b) => b.revision - a.revision)[0]?.metadata.labels?.[revisionLabel];
  if (current === undefined) return;
  for (const { metadata } of await podsOf(client, speaker, undefined, signal)) {
    if (metadata.labels?.[revisionLabel] === current) continue;
    const body = { metadata: { labels: { [revisionLabel]: current } } };
    await client.patch(Pod, metadata, { type: "merge", body }, { signal });
  }
}

async function observed(client: Client, speaker: DaemonSet, patience: Patience): Promise<void> {
  await until(
    `${nameOf(speaker)} is followed by its controller`,
    async () => {
      const { metadata, status } = await client.get(DaemonSet, speaker.metadata, { signal: patience.signal });
      const [seen = 0, meant = 0] = [status?.observedGeneration, metadata.generation];
      return seen >= meant ? undefined : `status.observedGeneration is ${seen}; must be ${meant}`;
    },
    patience,
  );
}
