import assert from "node:assert/strict";
import { test } from "node:test";
import { Lease, Node, Pod, ReplicaSet, Service, type EndpointSlice } from "../../kubernetes/resources/index.ts";
import { isReady, withCondition } from "./conditions.ts";
import { endpointSlicesFor, sliceChanges } from "./endpoint-slices.ts";
import { Heartbeats, nodeChange, podsOfSilentNode, readyNodeStatus } from "./node-lifecycle.ts";
import { podStatus } from "./pod-status.ts";
import { planReplicaSet, podFrom, randomSuffix } from "./replica-set.ts";
import { chooseNode } from "./scheduling.ts";

const now = new Date("2026-11-21T12:00:00.500Z");
const later = new Date("2026-11-21T12:00:09Z");

interface PodOptions {
  readonly node?: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly ending?: boolean;
  readonly phase?: string;
  readonly owner?: string;
  readonly created?: string;
  readonly webPort?: number;
  readonly tolerates?: string;
}

function pod(name: string, options: PodOptions = {}): Pod {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: options.owner, controller: true };
  return Pod.schema.parse({
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      labels: { app: "web" },
      ...(options.created === undefined ? {} : { creationTimestamp: options.created }),
      ...(options.ending === true ? { deletionTimestamp: "2026-11-21T12:00:00Z" } : {}),
      ...(options.owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: {
      ...(options.node === undefined ? {} : { nodeName: options.node }),
      containers: [
        {
          name: "c",
          ...(options.webPort === undefined ? {} : { ports: [{ name: "web", containerPort: options.webPort }] }),
        },
      ],
      ...(options.tolerates === undefined ? {} : { tolerations: [{ key: options.tolerates, operator: "Exists" }] }),
    },
    status: {
      phase: options.phase ?? "Running",
      ...(options.ip === undefined ? {} : { podIP: options.ip, podIPs: [{ ip: options.ip }] }),
      conditions: [{ type: "Ready", status: options.ready === false ? "False" : "True" }],
    },
  });
}

function service(spec: object): Service {
  return Service.schema.parse({
    metadata: { name: "web", namespace: "default", uid: "service-uid" },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 80 }], ...spec },
  });
}

function node(name: string, options: { ready?: boolean; cordoned?: boolean; taint?: string } = {}): Node {
  return Node.schema.parse({
    metadata: { name },
    spec: {
      ...(options.cordoned === true ? { unschedulable: true } : {}),
      ...(options.taint === undefined ? {} : { taints: [{ key: options.taint, effect: "NoSchedule" }] }),
    },
    status: { conditions: [{ type: "Ready", status: options.ready === false ? "Unknown" : "True" }] },
  });
}

const set = ReplicaSet.schema.parse({
  metadata: { name: "web", namespace: "default", uid: "set-uid" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c" }] } },
  },
});

function endpointsOf(slices: readonly EndpointSlice[]) {
  return slices.flatMap((slice) =>
    (slice.endpoints ?? []).map((each) => [each.targetRef?.name, ...each.addresses, each.conditions]),
  );
}

test("a pod is an endpoint by its state, as Kubernetes has it", () => {
  const ready = { ready: true, serving: true, terminating: false };
  const rows: readonly [what: string, options: PodOptions, conditions: object | undefined][] = [
    ["ready", { ip: "10.0.0.1" }, ready],
    ["not ready", { ip: "10.0.0.1", ready: false }, { ready: false, serving: false, terminating: false }],
    ["ending, still answers", { ip: "10.0.0.1", ending: true }, { ready: false, serving: true, terminating: true }],
    [
      "ending, answers no more",
      { ip: "10.0.0.1", ending: true, ready: false },
      { ready: false, serving: false, terminating: true },
    ],
    ["without an address", {}, undefined],
    ["failed", { ip: "10.0.0.1", phase: "Failed" }, undefined],
    ["of the other family", { ip: "fd00::1" }, undefined],
  ];
  for (const [what, options, conditions] of rows) {
    const expected = conditions === undefined ? [] : [["p", "10.0.0.1", conditions]];
    assert.deepEqual(endpointsOf(endpointSlicesFor(service({}), [pod("p", options)])), expected, what);
  }
});

test("publishNotReadyAddresses calls every endpoint ready", () => {
  const pods = [pod("p", { ip: "10.0.0.1", ready: false, ending: true })];
  assert.deepEqual(endpointsOf(endpointSlicesFor(service({ publishNotReadyAddresses: true }), pods)), [
    ["p", "10.0.0.1", { ready: true, serving: false, terminating: true }],
  ]);
});

test("a named target port is looked up in each pod, and pods that differ are in different slices", () => {
  const slices = endpointSlicesFor(service({ ports: [{ name: "http", port: 80, targetPort: "web" }] }), [
    pod("a", { ip: "10.0.0.1", webPort: 8080 }),
    pod("b", { ip: "10.0.0.2", webPort: 9090 }),
    pod("c", { ip: "10.0.0.3", webPort: 8080 }),
  ]);
  assert.deepEqual(
    slices.map((slice) => [slice.ports?.[0]?.port, slice.endpoints?.map((each) => each.targetRef?.name)]),
    [
      [8080, ["a", "c"]],
      [9090, ["b"]],
    ],
  );
  assert.equal(new Set(slices.map((slice) => slice.metadata.name)).size, 2);
});

test("slices are written when they changed, and removed when nothing is in them any more", () => {
  const pods = [pod("a", { ip: "10.0.0.1", node: "n1" }), pod("b", { ip: "10.0.0.2", node: "n2" })];
  const existing = endpointSlicesFor(service({}), pods);
  assert.deepEqual(sliceChanges(endpointSlicesFor(service({}), pods.toReversed()), existing), {
    write: [],
    remove: [],
  });
  const shorter = endpointSlicesFor(service({}), pods.slice(1));
  assert.deepEqual(sliceChanges(shorter, existing), { write: shorter, remove: [] });
  assert.deepEqual(sliceChanges([], existing), { write: [], remove: existing });
  const foreign = existing.map((slice) => ({ ...slice, metadata: { ...slice.metadata, labels: {} } }));
  assert.deepEqual(sliceChanges([], foreign), { write: [], remove: [] });
  assert.deepEqual(endpointSlicesFor(service({ selector: undefined }), pods), []);
});

test("a set makes up for pods that are ending, and removes first what is worth least", () => {
  const owner = "set-uid";
  const two = [
    pod("a", { owner, node: "n1" }),
    pod("b", { owner, node: "n2", ending: true }),
    pod("x", { node: "n1" }),
  ];
  assert.deepEqual(planReplicaSet(set, two), {
    create: 2,
    remove: [],
    status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 },
  });
  const five = [
    pod("waiting", { owner }),
    pod("new", { owner, node: "n1", created: "2026-11-21T12:00:00Z" }),
    pod("old", { owner, node: "n1", created: "2026-11-21T11:00:00Z" }),
    pod("middle", { owner, node: "n1", created: "2026-11-21T11:30:00Z" }),
    pod("unready", { owner, node: "n1", ready: false, created: "2026-11-21T10:00:00Z" }),
  ];
  const plan = planReplicaSet(set, five);
  assert.deepEqual(
    plan.remove.map((each) => each.metadata.name),
    ["unready", "waiting"],
  );
  assert.equal(plan.create, 0);
});

test("a pod made by a set is one of the set's", () => {
  const made = podFrom(set, randomSuffix());
  assert.match(made.metadata.name, /^web-[a-z0-9]{5}$/);
  assert.equal(planReplicaSet(set, [made]).status.replicas, 1);
});

test("pods of one owner are spread over the nodes that take them", () => {
  const owner = "set-uid";
  const nodes = [node("n1"), node("n2"), node("n3", { cordoned: true }), node("n4", { ready: false })];
  const waiting = pod("new", { owner });
  assert.equal(chooseNode(waiting, nodes, []), "n1");
  assert.equal(chooseNode(waiting, nodes, [pod("a", { owner, node: "n1" })]), "n2");
  assert.equal(chooseNode(waiting, nodes, [pod("a", { owner, node: "n1", ending: true })]), "n1");
  assert.equal(chooseNode(waiting, nodes, [pod("x", { node: "n1" }), pod("a", { owner, node: "n2" })]), "n1");
  assert.equal(chooseNode(waiting, nodes.slice(2), []), undefined);
  assert.equal(chooseNode(waiting, [node("n5", { taint: "special" })], []), undefined);
  assert.equal(chooseNode(pod("t", { tolerates: "special" }), [node("n5", { taint: "special" })], []), "n5");
});

test("a node is silent when its lease has not changed for the time that it is given", () => {
  const lease = (renewTime: string) => Lease.schema.parse({ metadata: { name: "n1" }, spec: { renewTime } });
  const heartbeats = new Heartbeats();
  assert.equal(heartbeats.isSilent("n1", 1000, 500), false, "it was never heard of, and is given time");
  assert.equal(heartbeats.isSilent("n1", 1500, 500), true);
  heartbeats.take(lease("1999-01-01T00:00:00Z"), 1600);
  assert.equal(heartbeats.isSilent("n1", 2000, 500), false, "its clock does not matter");
  heartbeats.take(lease("1999-01-01T00:00:00Z"), 2050);
  assert.equal(heartbeats.isSilent("n1", 2100, 500), true, "the same lease again is no heartbeat");
});

test("a silent node is unknown and tainted, once; when its kubelet says ready again, the taint goes", () => {
  const change = nodeChange(node("n1"), true, now);
  assert.equal(change?.conditions?.[0]?.status, "Unknown");
  assert.deepEqual(
    change?.taints?.map((taint) => taint.effect),
    ["NoSchedule", "NoExecute"],
  );
  const silent: Node = {
    ...node("n1"),
    spec: { taints: [...(change?.taints ?? [])] },
    status: { conditions: [...(change?.conditions ?? [])] },
  };
  assert.equal(nodeChange(silent, true, later), undefined);
  assert.equal(nodeChange(silent, false, later), undefined, "the kubelet has not said so yet");
  const back: Node = { ...silent, status: readyNodeStatus(silent, "10.0.0.1", later) };
  assert.ok(isReady(back));
  assert.deepEqual(nodeChange(back, false, later), { taints: [] });
  assert.equal(nodeChange(node("n1"), false, now), undefined);
});

test("pods on a silent node are ready no more, and others are", () => {
  const pods = [pod("a", { node: "n1" }), pod("b", { node: "n2" }), pod("c", { node: "n1", ready: false })];
  const marked = podsOfSilentNode("n1", pods, now);
  assert.deepEqual(
    marked.map((each) => [each.pod.metadata.name, each.conditions[0]?.status]),
    [["a", "False"]],
  );
});

test("a pod is ready when it answers, and remembers since when", () => {
  const started = podStatus(pod("a"), { phase: "starting" }, "10.10.2.112", now);
  assert.deepEqual([started.phase, started.podIP], ["Pending", undefined]);
  const state = { phase: "running", addresses: ["10.0.0.1"], answers: true } as const;
  const running = podStatus({ ...pod("a"), status: started }, state, "10.10.2.112", now);
  const again = podStatus({ ...pod("a"), status: running }, state, "10.10.2.112", later);
  assert.deepEqual([running.phase, running.podIP, running.startTime], ["Running", "10.0.0.1", "2026-11-21T12:00:00Z"]);
  assert.deepEqual(again, running);
  assert.ok(isReady({ ...pod("a"), status: running }));
});

test("a condition's time moves with its status only", () => {
  const first = withCondition(undefined, { type: "Ready", status: "True" }, now);
  const same = withCondition(first, { type: "Ready", status: "True", reason: "New" }, later);
  const other = withCondition(first, { type: "Ready", status: "False" }, later);
  assert.deepEqual(
    [first, same, other].map(([each]) => each?.lastTransitionTime),
    ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T12:00:09Z"],
  );
});
