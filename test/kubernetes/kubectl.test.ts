// The stock kubectl against the embedded API server: what a user of the documentation's commands sees.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startApiServer, type ApiServer } from "../../src/kubernetes/apiserver/index.ts";
import { eventually, Kubectl } from "./kubectl.ts";

const scenario = join(import.meta.dirname, "../../src/lab/scenarios/bgp");
const stop = new AbortController();
let server: ApiServer;
let kubectl: Kubectl;

before(async () => {
  server = await startApiServer(
    { database: ":memory:", host: "127.0.0.1", port: 0, serviceNetworks: ["10.233.0.0/18"] },
    stop.signal,
  );
  kubectl = await Kubectl.with(server.kubeconfig());
  await kubectl.run("create", "namespace", "metallb-system");
});

after(async () => {
  await kubectl[Symbol.asyncDispose]();
  await server.close();
});

const pool = (spec: object) => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "IPAddressPool",
  metadata: { name: "extra", namespace: "metallb-system" },
  spec,
});

const node = (name: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name } },
  status: {
    addresses: [{ type: "InternalIP", address: "10.10.2.112" }],
    conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: null, lastTransitionTime: null }],
    nodeInfo: {
      kubeletVersion: "v1.35.0",
      osImage: "Debian",
      kernelVersion: "6.1",
      containerRuntimeVersion: "lab://1",
    },
  },
});

test("the scenario's files are applied, and applied again change nothing", async () => {
  const files = ["legacy-configmap.yaml", "resources.yaml", "workload.yaml"].flatMap((file) => [
    "-f",
    join(scenario, file),
  ]);
  assert.deepEqual(await kubectl.lines("apply", ...files), [
    "configmap/config created",
    "ipaddresspool.metallb.io/default created",
    "bgppeer.metallb.io/l3-switch created",
    "bgpadvertisement.metallb.io/default created",
    "replicaset.apps/ng-test-rs created",
    "service/ng-svc created",
  ]);
  const again = await kubectl.lines("apply", ...files);
  assert.ok(
    again.every((line) => line.endsWith(" unchanged")),
    again.join("\n"),
  );
});

test("get shows the columns that users know", async () => {
  const [head, row = ""] = await kubectl.lines("get", "svc", "ng-svc", "-o", "wide");
  assert.equal(head, "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR");
  assert.match(row, /^ng-svc LoadBalancer 10\.233\.\d+\.\d+ <pending> 80:3\d{4}\/TCP \d+s app=con-test$/);
  const sets = await kubectl.lines("get", "rs", "-o", "wide");
  assert.equal(sets[0], "NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR");
  assert.match(sets[1] ?? "", /^ng-test-rs 3 0 0 \d+s ng-con stenote\/nginx-hostname app=con-test$/);
  assert.deepEqual(await kubectl.lines("get", "ipaddresspools", "-A"), [
    "NAMESPACE NAME AUTO ASSIGN AVOID BUGGY IPS ADDRESSES",
    'metallb-system default true true ["172.19.100.0/24"]',
  ]);
  assert.deepEqual(await kubectl.lines("get", "bgppeer", "-n", "metallb-system"), [
    "NAME ADDRESS ASN BFD PROFILE",
    "l3-switch 10.10.2.210 65210",
  ]);
  assert.match((await kubectl.lines("get", "cm", "-n", "metallb-system"))[1] ?? "", /^config 1 \d+s$/);
  assert.equal((await kubectl.lines("get", "ns", "--no-headers")).length, 5);
});

test("all that is there is listed across namespaces, by label and by field", async () => {
  const names = (args: readonly string[]) => kubectl.lines("get", ...args, "-o", "name");
  assert.deepEqual(await names(["all"]), ["service/ng-svc", "replicaset.apps/ng-test-rs"]);
  assert.deepEqual(await names(["ns", "-l", "kubernetes.io/metadata.name in (default, other)"]), ["namespace/default"]);
  assert.deepEqual(
    await names(["ns", "-l", "kubernetes.io/metadata.name notin (default),!x"]).then((all) => all.length),
    4,
  );
  assert.deepEqual(await names(["svc", "-A", "--field-selector", "metadata.name!=ng-svc"]), [""]);
  assert.match(await kubectl.refused("get", "svc", "--field-selector", "spec.ports=1"), /field label not supported/);
});

test("get -w shows an object come, change and go", async () => {
  const watch = kubectl.follow("get", "cm", "-w", "--output-watch-events", "-l", "watched");
  await eventually("the watch's head", async () => {
    await kubectl.run("create", "cm", "first").catch(() => "it is there");
    await kubectl.run("label", "--overwrite", "cm", "first", "watched=yes");
    await kubectl.run("label", "cm", "first", "watched-");
    return watch.lines.some((line) => line.startsWith("DELETED first"));
  });
  await kubectl.run("label", "cm", "first", "watched=yes");
  await kubectl.run("patch", "cm", "first", "-p", '{"data":{"a":"1","b":"2"}}');
  await kubectl.run("delete", "cm", "first");
  await eventually("three events", () => watch.lines.some((line) => line.startsWith("DELETED first 2")));
  const last = watch.lines.slice(-3).map((line) => line.replace(/ \d+s$/, ""));
  assert.deepEqual(last, ["ADDED first 0", "MODIFIED first 2", "DELETED first 2"]);
  assert.equal(watch.lines[0], "EVENT NAME DATA AGE");
  await watch.stop();
});

test("describe tells of a Service with its endpoints and events, and of a custom resource", async () => {
  const { metadata } = await kubectl.json("get", "svc", "ng-svc");
  const involvedObject = { kind: "Service", namespace: "default", name: "ng-svc", uid: metadata.uid, apiVersion: "v1" };
  const event = {
    apiVersion: "v1",
    kind: "Event",
    type: "Normal",
    reason: "IPAllocated",
    message: "Assigned",
    count: 1,
  };
  const seen = { firstTimestamp: metadata.annotations ? new Date().toISOString().replace(/\.\d+/, "") : null };
  const about = { ...event, ...seen, lastTimestamp: seen.firstTimestamp, involvedObject, source: { component: "c" } };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "ng-svc-1", labels: { "kubernetes.io/service-name": "ng-svc" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 80 }],
    endpoints: [{ addresses: ["10.233.64.16"], conditions: { ready: true } }],
  };
  await kubectl.run("create", "-f", await kubectl.file("event.json", { ...about, metadata: { name: "ng-svc.1" } }));
  await kubectl.run("create", "-f", await kubectl.file("slice.json", slice));
  const described = await kubectl.lines("describe", "svc", "ng-svc");
  assert.ok(described.includes("Endpoints: 10.233.64.16:80"), described.join("\n"));
  assert.match(described.at(-1) ?? "", /^Normal IPAllocated \d+s c Assigned$/);
  assert.match((await kubectl.lines("get", "endpointslices"))[1] ?? "", /^ng-svc-1 IPv4 80 10\.233\.64\.16 \d+s$/);
  assert.match((await kubectl.lines("get", "events"))[1] ?? "", /^\d+s Normal IPAllocated service\/ng-svc Assigned$/);
  const custom = await kubectl.run("describe", "ipaddresspool", "default", "-n", "metallb-system");
  assert.match(custom, /Addresses:\s+172\.19\.100\.0\/24/);
  assert.match(await kubectl.run("describe", "rs", "ng-test-rs"), /Replicas:\s+0 current \/ 3 desired/);
});

test("labels, annotations and three kinds of patches change what they say", async () => {
  await kubectl.run("label", "svc", "ng-svc", "tier=front");
  await kubectl.run("annotate", "svc", "ng-svc", "metallb.io/address-pool=default");
  await kubectl.run("patch", "svc", "ng-svc", "-p", '{"spec":{"ports":[{"port":443,"name":"https"}]}}');
  const both = await kubectl.json("get", "svc", "ng-svc");
  assert.equal(both.metadata.labels?.["tier"], "front");
  assert.equal(both.metadata.annotations?.["metallb.io/address-pool"], "default");
  const ports = both.spec["ports"] as readonly { port: number }[];
  assert.deepEqual(
    ports.map(({ port }) => port),
    [443, 80],
    "a strategic merge patch keeps the other port",
  );
  const jsonPatch = '[{"op":"remove","path":"/spec/ports/0"},{"op":"test","path":"/spec/ports/0/port","value":80}]';
  await kubectl.run("patch", "svc", "ng-svc", "--type=json", "-p", jsonPatch);
  await kubectl.run("patch", "svc", "ng-svc", "--type=merge", "-p", '{"metadata":{"labels":{"tier":null}}}');
  const one = await kubectl.json("get", "svc", "ng-svc");
  assert.deepEqual(
    (one.spec["ports"] as readonly { port: number }[]).map(({ port }) => port),
    [80],
  );
  assert.equal(one.metadata.labels, undefined);
  assert.match(
    await kubectl.refused("patch", "svc", "ng-svc", "--type=json", "-p", jsonPatch),
    /The request is invalid: .*invalid index/,
  );
  const merge = ["patch", "ipaddresspool", "default", "-n", "metallb-system", "--type=merge"];
  assert.match(await kubectl.run(...merge, "-p", '{"spec":{"autoAssign":true}}'), /patched \(no change\)/);
});

test("an object is replaced only by who saw its last version", async () => {
  const object = await kubectl.json("create", "cm", "replaced");
  const path = await kubectl.file("replaced.json", { ...object, data: { a: "1" } });
  await kubectl.run("replace", "-f", path);
  assert.match(
    await kubectl.refused("replace", "-f", path),
    /Operation cannot be fulfilled.*the object has been modified/,
  );
  assert.match(await kubectl.refused("create", "cm", "replaced"), /configmaps "replaced" already exists/);
  assert.match(await kubectl.refused("get", "cm", "absent"), /configmaps "absent" not found/);
});

test("apply on the server's side knows who owns which field", async () => {
  const apply = async (spec: object, ...args: readonly string[]) =>
    ["apply", "--server-side", "-f", await kubectl.file("applied.json", pool(spec)), ...args] as const;
  const addresses = ["10.1.0.0/24"];
  await kubectl.run(...(await apply({ addresses, autoAssign: false }, "--field-manager=one")));
  const conflict = await kubectl.refused(...(await apply({ addresses, autoAssign: true }, "--field-manager=two")));
  assert.match(conflict, /conflict with "one": \.spec\.autoAssign/);
  await kubectl.run(...(await apply({ addresses, autoAssign: true }, "--field-manager=two", "--force-conflicts")));
  // One no longer says autoAssign, which two owns: it stays. Then two says it no more: it is gone, and so the default.
  await kubectl.run(...(await apply({ addresses }, "--field-manager=one")));
  const get = () => kubectl.json("get", "ipaddresspool", "extra", "-n", "metallb-system", "--show-managed-fields");
  const shared = await get();
  assert.equal(shared.spec["autoAssign"], true);
  assert.deepEqual(shared.metadata.managedFields?.map(({ manager }) => manager).sort(), ["one", "two"]);
  await kubectl.run(...(await apply({ addresses, avoidBuggyIPs: true }, "--field-manager=two")));
  assert.deepEqual((await get()).spec, { addresses, autoAssign: true, avoidBuggyIPs: true });
});

test("what is wrong is refused with the object, the field and what would be right", async () => {
  const create = async (content: object) => kubectl.refused("create", "-f", await kubectl.file("wrong.json", content));
  assert.match(await create(pool({ addresses: [] })), /The IPAddressPool "extra" is invalid: spec\.addresses/);
  assert.match(
    await create(pool({ addresses: ["10.0.0.0/24"], colour: 1 })),
    /strict decoding error: unknown field "spec\.colour"/,
  );
  const service = (spec: object, name = "wrong") => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  assert.match(await create(service({ ports: [] })), /The Service "wrong" is invalid: spec\.ports: Required value/);
  assert.match(await create(service({ ports: [{ port: 80, nodePort: 80 }], type: "NodePort" })), /30000-32767/);
  assert.match(
    await create(service({ ports: [{ port: 80 }], clusterIP: "10.9.9.9" })),
    /10\.9\.9\.9: the provided network does not match the current range/,
  );
  assert.match(await create(service({ ports: [{ port: 80 }] }, "wrong_name")), /a lowercase RFC 1123 label must/);
  assert.match(
    await kubectl.refused("patch", "svc", "ng-svc", "-p", '{"spec":{"clusterIP":"10.233.0.9"}}'),
    /may not change once set/,
  );
  assert.match(await kubectl.refused("create", "cm", "x", "-n", "absent"), /namespaces "absent" not found/);
  assert.match(await kubectl.refused("label", "svc", "ng-svc", "a=b c"), /a valid label must/);
});

test("what the server does not do it names", async () => {
  assert.match(
    await kubectl.refused("scale", "rs", "ng-test-rs", "--replicas=2"),
    /replicasets\/scale is not implemented/,
  );
  assert.match(
    await kubectl.refused("get", "--raw", "/apis/apps/v1/deployments"),
    /deployments of apps\/v1 is not implemented/,
  );
  assert.match(await kubectl.refused("get", "deployments"), /doesn't have a resource type "deployments"/);
});

test("a dry run on the server tells what would be, and nothing is", async () => {
  const create = ["create", "service", "nodeport", "dry", "--tcp=80:80", "--dry-run=server"];
  const dry = await kubectl.json(...create);
  assert.match(String(dry.spec["clusterIP"]), /^10\.233\./);
  assert.match(await kubectl.refused("get", "svc", "dry"), /not found/);
  assert.match(await kubectl.run("diff", "-f", join(scenario, "resources.yaml")), /^$/);
});

test("explain, api-resources and version say what the server has", async () => {
  assert.match(await kubectl.run("explain", "ipaddresspool.spec.addresses"), /FIELD: addresses <\[\]string>/);
  assert.match(await kubectl.run("explain", "service", "--recursive"), /externalTrafficPolicy\s+<string>/);
  const resources = await kubectl.lines("api-resources", "--no-headers");
  assert.ok(resources.includes("bgppeers metallb.io/v1beta2 true BGPPeer"), resources.join("\n"));
  assert.match(await kubectl.run("version"), /Server Version: v1\.35/);
  assert.match(await kubectl.run("api-versions"), /metallb\.io\/v1beta1/);
  assert.match(await kubectl.run("cluster-info"), /control plane.*is running at/);
});

test("wait returns when the condition is met, and when the object is gone", async () => {
  await kubectl.run("create", "-f", await kubectl.file("node.json", node("waited")));
  await kubectl.run("wait", "--for=condition=Ready", "node/waited", "--timeout=20s");
  const path = "jsonpath={.status.phase}=Active";
  await kubectl.run("wait", `--for=${path}`, "ns/default", "--timeout=20s");
  const gone = kubectl.run("wait", "--for=delete", "node/waited", "--timeout=20s");
  await kubectl.run("delete", "node", "waited");
  await gone;
});

test("a node is cordoned, drained of its pods and uncordoned", async () => {
  await kubectl.run("create", "-f", await kubectl.file("node.json", node("net112")));
  const owner = (await kubectl.json("get", "rs", "ng-test-rs")).metadata;
  const ownerReferences = [
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "ng-test-rs", uid: owner.uid, controller: true },
  ];
  for (const name of ["ng-1", "ng-2"]) {
    const metadata = { name, labels: { app: "con-test" }, ownerReferences };
    const spec = { nodeName: "net112", containers: [{ name: "ng-con", image: "stenote/nginx-hostname" }] };
    await kubectl.run(
      "create",
      "-f",
      await kubectl.file("pod.json", { apiVersion: "v1", kind: "Pod", metadata, spec }),
    );
    const status = {
      phase: "Running",
      podIP: "10.233.93.2",
      podIPs: [{ ip: "10.233.93.2" }],
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        { name: "ng-con", image: "x", imageID: "", ready: true, restartCount: 0, state: { running: {} } },
      ],
    };
    await kubectl.run("patch", "pod", name, "--subresource=status", "-p", JSON.stringify({ status }));
  }
  const [, row = ""] = await kubectl.lines("get", "pods", "-o", "wide", "--field-selector=spec.nodeName=net112");
  assert.match(row, /^ng-1 1\/1 Running 0 \d+s 10\.233\.93\.2 net112 <none> <none>$/);
  assert.match(await kubectl.run("describe", "node", "net112"), /Non-terminated Pods:\s+\(2 in total\)/);
  assert.match(await kubectl.run("describe", "pod", "ng-1"), /Controlled By:\s+ReplicaSet\/ng-test-rs/);

  const kubelet = stopTerminatingPods(kubectl);
  try {
    const drained = await kubectl.run("drain", "net112", "--ignore-daemonsets", "--timeout=30s", "--force");
    assert.match(drained, /evicting pod default\/ng-1/);
    assert.match(drained, /node\/net112 drained/);
  } finally {
    await kubelet.stop();
  }
  assert.ok(kubelet.seen.has("ng-1"), "the pod waited for its kubelet");
  assert.match(
    (await kubectl.lines("get", "node", "net112"))[1] ?? "",
    /^net112 Ready,SchedulingDisabled <none> \d+s v1\.35\.0$/,
  );
  await kubectl.run("uncordon", "net112");
  assert.match(
    (await kubectl.lines("get", "nodes", "-o", "wide"))[1] ?? "",
    /^net112 Ready <none> \d+s v1\.35\.0 10\.10\.2\.112/,
  );
});

test("what an object owns is deleted with it, or let go when asked", async () => {
  const ownedBy = async (name: string) => {
    const { metadata } = await kubectl.json("create", "cm", name);
    const ownerReferences = [
      { apiVersion: "v1", kind: "ConfigMap", name, uid: metadata.uid, blockOwnerDeletion: true },
    ];
    const owned = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `${name}-owned`, ownerReferences } };
    await kubectl.run("create", "-f", await kubectl.file("owned.json", owned));
  };
  await ownedBy("background");
  await kubectl.run("delete", "cm", "background");
  await kubectl.run("wait", "--for=delete", "cm/background-owned", "--timeout=20s");
  await ownedBy("foreground");
  await kubectl.run("delete", "cm", "foreground", "--cascade=foreground");
  assert.match(await kubectl.refused("get", "cm", "foreground-owned"), /not found/);
  await ownedBy("orphan");
  await kubectl.run("delete", "cm", "orphan", "--cascade=orphan");
  assert.equal((await kubectl.json("get", "cm", "orphan-owned")).metadata.name, "orphan-owned");
});

test("a finalizer keeps an object until it is taken out", async () => {
  await kubectl.run("create", "cm", "held");
  await kubectl.run("patch", "cm", "held", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}');
  await kubectl.run("delete", "cm", "held", "--wait=false");
  assert.match(await kubectl.run("get", "cm", "held", "-o", "yaml"), /deletionTimestamp:/);
  await kubectl.run("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
  assert.match(await kubectl.refused("get", "cm", "held"), /not found/);
});

test("a namespace takes with it all that is in it", async () => {
  await kubectl.run("create", "ns", "passing");
  await kubectl.run("create", "cm", "inside", "-n", "passing");
  await kubectl.run("delete", "ns", "passing", "--timeout=20s");
  assert.match(await kubectl.refused("get", "cm", "inside", "-n", "passing"), /not found/);
  assert.match(await kubectl.refused("delete", "ns", "default"), /this namespace may not be deleted/);
});

test("who has a token comes in, and who has neither token nor certificate does not", async () => {
  await using other = await Kubectl.with(server.kubeconfig("somebody", "token"));
  assert.match(await other.run("get", "ns"), /kube-system/);
  const anonymous = server.kubeconfig("nobody", "token").replace(/token: .*/, "token: wrong");
  await using stranger = await Kubectl.with(anonymous);
  assert.match(await stranger.refused("get", "ns"), /You must be logged in to the server/);
});

/** As a kubelet does: a pod that is to end is deleted for good as soon as it has ended. */
function stopTerminatingPods(kubectl: Kubectl): { readonly seen: Set<string>; readonly stop: () => Promise<void> } {
  const seen = new Set<string>();
  const over = new AbortController();
  const work = async () => {
    while (!over.signal.aborted) {
      const { items } = await kubectl.json("get", "pods");
      for (const { metadata } of items) {
        if (!("deletionTimestamp" in metadata)) continue;
        seen.add(metadata.name);
        await kubectl.run("delete", "pod", metadata.name, "--grace-period=0", "--force", "--wait=false");
      }
      await new Promise((resolve) => void setTimeout(resolve, 100));
    }
  };
  const done = work();
  return {
    seen,
    stop: async () => {
      over.abort();
      await done;
    },
  };
}
