import assert from "node:assert/strict";
import { eventually, Kubectl } from "../../kubernetes/kubectl.ts";
import type { ContractPart } from "../contract.ts";
import { call, created, pod, refusedToCreate, service } from "./objects.ts";

const json = { "content-type": "application/json" };

export const services: ContractPart = {
  about: "Addresses and ports of Services",
  cases: {
    "a Service gets a cluster address of the network, and none where it asks for none": async (api) => {
      const { kubectl } = api;
      await created(api, service("given", {}));
      await created(api, service("headless", { clusterIP: "None" }));
      await created(
        api,
        service("elsewhere", { type: "ExternalName", externalName: "example.com", selector: undefined }),
      );
      const addressOf = async (name: string) => (await kubectl.json("get", "svc", name)).spec["clusterIP"];
      assert.match(String(await addressOf("given")), /^10\.233\.(?:[0-9]|[1-5][0-9]|6[0-3])\.\d+$/);
      assert.equal(await addressOf("headless"), "None");
      assert.equal(await addressOf("elsewhere"), undefined);
    },
    "a cluster address that is asked for is given once, and again after its Service is gone": async (api) => {
      await created(api, service("wants", {}));
      const { spec } = await api.kubectl.json("get", "svc", "wants");
      const { clusterIP } = spec;
      assert.match(await refusedToCreate(api, service("second", { clusterIP })), /provided IP is already allocated/);
      await api.kubectl.run("delete", "svc", "wants");
      await eventually("the address is free", () =>
        created(api, service("second", { clusterIP })).then(
          () => true,
          () => false,
        ),
      );
    },
    "a cluster address outside of the network is refused, and one that is held cannot change": async (api) => {
      assert.match(
        await refusedToCreate(api, service("out", { clusterIP: "10.9.9.9" })),
        /10\.9\.9\.9: the provided network does not match the current range/,
      );
      await created(api, service("fixed", {}));
      const patch = '{"spec":{"clusterIP":"10.233.63.254","clusterIPs":["10.233.63.254"]}}';
      assert.match(await api.kubectl.refused("patch", "svc", "fixed", "-p", patch), /may not change once set/);
    },
    "a node port is of its range, given once, and free again when the type is changed": async (api) => {
      const { kubectl } = api;
      await created(api, service("first", { type: "NodePort" }));
      const portOf = async (name: string) =>
        ((await kubectl.json("get", "svc", name)).spec["ports"] as { nodePort?: number }[])[0]?.nodePort ?? 0;
      const nodePort = await portOf("first");
      assert.ok(nodePort >= 30_000 && nodePort <= 32_767);
      const ports = [{ name: "http", port: 80, nodePort }];
      assert.match(
        await refusedToCreate(api, service("second", { type: "NodePort", ports })),
        /provided port is already allocated/,
      );
      await kubectl.run("patch", "svc", "first", "-p", '{"spec":{"type":"ClusterIP"}}');
      assert.equal(await portOf("first"), 0);
      await created(api, service("second", { type: "NodePort", ports }));
      const low = service("low", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] });
      assert.match(await refusedToCreate(api, low), /30000-32767/);
    },
    "defaults are filled in: protocol, target port, affinity, policies": async (api) => {
      await created(api, service("filled", { type: "LoadBalancer" }));
      const { spec } = await api.kubectl.json("get", "svc", "filled");
      const [port = {}] = spec["ports"] as Record<string, unknown>[];
      assert.deepEqual([port["protocol"], port["targetPort"]], ["TCP", 80]);
      const fields = [
        "sessionAffinity",
        "externalTrafficPolicy",
        "internalTrafficPolicy",
        "allocateLoadBalancerNodePorts",
      ];
      assert.deepEqual(
        fields.map((field) => spec[field]),
        ["None", "Cluster", "Cluster", true],
      );
    },
  },
};

export const others: ContractPart = {
  about: "Events, leases, tokens, certificates and rights",
  cases: {
    "an event is written, listed, and counted on": async (api) => {
      const { kubectl, namespace } = api;
      const event = {
        metadata: { name: "it.1", namespace },
        involvedObject: { kind: "Service", namespace, name: "it" },
        reason: "Happened",
        message: "it happened",
        type: "Normal",
        count: 1,
        lastTimestamp: new Date().toISOString().replace(/\.\d+/, ""),
      };
      const path = `/api/v1/namespaces/${namespace}/events`;
      await call(api, 201, "POST", path, JSON.stringify(event), json);
      const merge = { "content-type": "application/merge-patch+json" };
      await call(api, 200, "PATCH", `${path}/it.1`, '{"count":2}', merge);
      const [, row = ""] = await kubectl.lines("get", "events");
      assert.match(row, /^\S+ Normal Happened service\/it it happened$/);
      const of = "involvedObject.name=it,reason=Happened";
      assert.deepEqual(await kubectl.lines("get", "events", "--field-selector", of, "-o", "name"), ["event/it.1"]);
    },
    "of two who take one lease by its resource version, one has it": async (api) => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${api.namespace}/leases`;
      const spec = { holderIdentity: "none", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.000000Z" };
      const lease = await call(api, 201, "POST", path, JSON.stringify({ metadata: { name: "lead" }, spec }), json);
      const take = (holderIdentity: string) =>
        api.raw.call("PUT", `${path}/lead`, JSON.stringify({ ...lease, spec: { ...spec, holderIdentity } }), json);
      const codes = (await Promise.all([take("one"), take("two")])).map(({ code }) => code);
      assert.deepEqual(
        codes.toSorted((a, b) => a - b),
        [200, 409],
      );
    },
    "a token made for a service account is known as its": async (api) => {
      const { kubectl, namespace } = api;
      await kubectl.run("create", "serviceaccount", "worker");
      const token = (await kubectl.run("create", "token", "worker", "--duration=1h")).trim();
      assert.equal(token.split(".").length, 3, "it is a JSON Web Token");
      const headers = { ...json, authorization: `Bearer ${token}` };
      const review = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
      using bearer = api.bearer(token);
      const answer = await bearer.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, headers);
      const { status } = JSON.parse(answer.text) as { status: { userInfo: { username: string; groups: string[] } } };
      assert.equal(status.userInfo.username, `system:serviceaccount:${namespace}:worker`);
      assert.ok(status.userInfo.groups.includes("system:serviceaccounts"));
    },
    "a wrong token is told 401": async (api) => {
      using bearer = api.bearer("wrong");
      assert.equal((await bearer.call("GET", "/api/v1/namespaces")).code, 401);
    },
    "a client certificate says who asks: the user by its common name, groups by its organizations": async (api) => {
      await using other = await Kubectl.with(await api.kubeconfigOf({ name: "jane", groups: ["system:masters"] }));
      const { status } = await other.json("auth", "whoami");
      const { username, groups } = status["userInfo"] as { username: string; groups: string[] };
      assert.equal(username, "jane");
      assert.ok(groups.includes("system:masters") && groups.includes("system:authenticated"));
    },
    "kubectl auth can-i answers the administrator yes": async ({ kubectl }) => {
      assert.equal((await kubectl.run("auth", "can-i", "create", "services")).trim(), "yes");
    },
  },
};

export const pods: ContractPart = {
  about: "Pods, as a kubelet and a scheduler meet them",
  cases: {
    "a pod is bound once": async (api) => {
      const { namespace } = api;
      const { spec, ...rest } = pod("bound");
      // With a gate Kubernetes' scheduler leaves it to us.
      await created(api, { ...rest, spec: { containers: spec.containers, schedulerName: "ours" } } as { kind: string });
      const path = `/api/v1/namespaces/${namespace}/pods/bound/binding`;
      const bind = (name: string) =>
        api.raw.call(
          "POST",
          path,
          JSON.stringify({ metadata: { name: "bound" }, target: { kind: "Node", name } }),
          json,
        );
      assert.equal((await bind("one")).code, 201);
      assert.equal((await bind("two")).code, 409);
      assert.equal((await api.kubectl.json("get", "pod", "bound")).spec["nodeName"], "one");
    },
    "get shows a pod's columns from its status, and finds the pods of a node": async (api) => {
      const { kubectl } = api;
      await created(api, pod("shown"));
      const status = {
        phase: "Running",
        podIP: "10.233.93.2",
        podIPs: [{ ip: "10.233.93.2" }],
        conditions: [{ type: "Ready", status: "True" }],
        containerStatuses: [
          { name: "main", image: "x", imageID: "", ready: true, restartCount: 0, state: { running: {} } },
        ],
      };
      await kubectl.run("patch", "pod", "shown", "--subresource=status", "-p", JSON.stringify({ status }));
      const [, row = ""] = await kubectl.lines("get", "pods", "-o", "wide", "--field-selector=spec.nodeName=nowhere");
      assert.match(row, /^shown 1\/1 Running 0 \d+s 10\.233\.93\.2 nowhere <none> <none>$/);
    },
    "a pod on a node ends in two steps: it is asked to, and its kubelet takes it away": async (api) => {
      const { kubectl } = api;
      await created(api, pod("ending"));
      await kubectl.run("delete", "pod", "ending", "--wait=false");
      const { metadata } = await kubectl.json("get", "pod", "ending");
      assert.ok("deletionTimestamp" in metadata);
      const path = `/api/v1/namespaces/${api.namespace}/pods/ending`;
      await call(api, 200, "DELETE", path, '{"gracePeriodSeconds":0}', json);
      assert.match(await kubectl.refused("get", "pod", "ending"), /not found/);
    },
  },
};
