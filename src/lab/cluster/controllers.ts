import { watchKind, type Changes, type Client } from "../../kubernetes/client/index.ts";
import {
  EndpointSlice,
  keyOf,
  Lease,
  Node,
  Pod,
  ReplicaSet,
  Service,
  type KubernetesObject,
} from "../../kubernetes/resources/index.ts";
import { leaseNamespace } from "./heartbeat.ts";
import { EndpointSliceController, serviceOfSlice } from "./endpoint-slice-controller.ts";
import { NodeLifecycleController } from "./node-lifecycle-controller.ts";
import { ReplicaSetController } from "./replica-set-controller.ts";
import { Scheduler } from "./scheduler.ts";

export interface ControllersOptions {
  /** A node of which nothing was heard for so long is no longer ready. Kubernetes waits 50 s by default. */
  readonly nodeGraceMs: number;
  /** Told of what failed and is tried again. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/**
 * What kube-controller-manager and kube-scheduler do in a cluster, as far as the lab needs it: ReplicaSets, the
 * placing of pods, EndpointSlices, and nodes that fall silent. Runs until the signal is aborted.
 */
export async function runControllers(client: Client, options: ControllersOptions, signal: AbortSignal): Promise<void> {
  const failed = (who: string) => (key: string, error: unknown) => options.onFailure(`${who} ${key}`, error);
  const byNamespace = { namespace: (object: KubernetesObject) => [object.metadata.namespace ?? ""] };

  const pods = watchKind(client, Pod, { indexes: byNamespace }, podsChanged, signal);
  const services = watchKind(client, Service, {}, servicesChanged, signal);
  const slices = watchKind(client, EndpointSlice, { indexes: { service: serviceOfSlice } }, slicesChanged, signal);
  const sets = watchKind(client, ReplicaSet, {}, setsChanged, signal);
  const nodes = watchKind(client, Node, {}, () => scheduler.touchWaiting(), signal);
  const leases = watchKind(client, Lease, { namespace: leaseNamespace }, leasesChanged, signal);

  const endpoints = new EndpointSliceController(
    { client, services: services.cache, pods: pods.cache, slices: slices.cache },
    failed("endpoints of"),
  );
  const replicaSets = new ReplicaSetController({ client, sets: sets.cache }, failed("replica set"));
  const scheduler = new Scheduler({ client, pods: pods.cache, nodes: nodes.cache }, failed("node for pod"));
  const lifecycle = new NodeLifecycleController(
    { client, nodes: nodes.cache, pods: pods.cache, hears: () => leases.staleSince === undefined },
    options.nodeGraceMs,
    failed("node"),
  );

  function podsChanged(changes: Changes<Pod>): void {
    for (const pod of touched(changes)) {
      endpoints.touchNamespace(pod.metadata.namespace ?? "");
      replicaSets.touchOwner(pod);
    }
    for (const pod of current(changes)) scheduler.touch(pod);
  }
  function servicesChanged(changes: Changes<Service>): void {
    for (const service of touched(changes)) endpoints.touch(keyOf(service));
  }
  function slicesChanged(changes: Changes<EndpointSlice>): void {
    for (const slice of touched(changes)) serviceOfSlice(slice).forEach((key) => endpoints.touch(key));
  }
  function setsChanged(changes: Changes<ReplicaSet>): void {
    for (const set of touched(changes)) replicaSets.touch(keyOf(set));
  }
  function leasesChanged(changes: Changes<Lease>): void {
    for (const lease of current(changes)) lifecycle.take(lease);
  }

  const informers = [pods, services, slices, sets, nodes, leases];
  // A decision on half of what there is would be wrong: nobody works before everything was heard once.
  const ready = Promise.all(informers.map(async (informer) => informer.synced));
  await ready.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.all([
    ...[endpoints, replicaSets, scheduler, lifecycle].map(async (controller) => controller.run(signal)),
    ...informers.map(async (informer) => informer.done),
  ]);
}

/** Every object that a change is about, as it was and as it is: either may say whom it concerns. */
function touched<Value extends KubernetesObject>(changes: Changes<Value>): Value[] {
  return [...changes.deleted, ...changes.added, ...changes.updated.flatMap((each) => [each.old, each.new])];
}

function current<Value extends KubernetesObject>(changes: Changes<Value>): Value[] {
  return [...changes.added, ...changes.updated.map((each) => each.new)];
}
