import assert from "node:assert/strict";
import { eventually } from "../../kubernetes/kubectl.ts";
import type { ContractPart } from "../contract.ts";
import { call, configMap, created, pool, service } from "./objects.ts";

export const discovery: ContractPart = {
  about: "Discovery",
  cases: {
    "kubectl api-resources and api-versions name what is served": async ({ kubectl }) => {
      const resources = await kubectl.lines("api-resources", "--no-headers");
      for (const line of [
        "configmaps cm v1 true ConfigMap",
        "services svc v1 true Service",
        "replicasets rs apps/v1 true ReplicaSet",
        "endpointslices discovery.k8s.io/v1 true EndpointSlice",
        "leases coordination.k8s.io/v1 true Lease",
        "bgppeers metallb.io/v1beta2 true BGPPeer",
        "ipaddresspools metallb.io/v1beta1 true IPAddressPool",
      ]) {
        assert.ok(resources.includes(line), `${line} is not in\n${resources.join("\n")}`);
      }
      const versions = await kubectl.lines("api-versions");
      for (const version of ["v1", "apps/v1", "metallb.io/v1beta1", "metallb.io/v1beta2"]) {
        assert.ok(versions.includes(version), version);
      }
    },
    "kubectl version tells the server's": async ({ kubectl }) => {
      assert.match(await kubectl.run("version"), /Server Version: v1\.3\d/);
    },
    "kubectl explain tells of a field's type and meaning, built in or custom": async ({ kubectl }) => {
      assert.match(await kubectl.run("explain", "ipaddresspool.spec.addresses"), /FIELD: addresses <\[\]string>/);
      assert.match(await kubectl.run("explain", "service", "--recursive"), /externalTrafficPolicy\s+<string>/);
    },
    "what a group has not is not found": async ({ kubectl }) => {
      assert.match(await kubectl.refused("get", "things"), /doesn't have a resource type "things"/);
    },
  },
};

export const reading: ContractPart = {
  about: "kubectl get and describe",
  cases: {
    "get shows the columns of ConfigMaps, Services and ReplicaSets": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("one", { a: "1", b: "2" }));
      await created(api, service("web", { type: "LoadBalancer" }));
      assert.match((await kubectl.lines("get", "cm", "one"))[1] ?? "", /^one 2 \d+s$/);
      const [head, row = ""] = await kubectl.lines("get", "svc", "web", "-o", "wide");
      assert.equal(head, "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR");
      assert.match(row, /^web LoadBalancer 10\.233\.\d+\.\d+ <pending> 80:3\d{4}\/TCP \d+s app=web$/);
    },
    "get shows the columns that a CustomResourceDefinition names": async (api) => {
      await created(api, pool("first", { addresses: ["172.19.100.0/24"], avoidBuggyIPs: true }));
      assert.deepEqual(await api.kubectl.lines("get", "ipaddresspools"), [
        "NAME AUTO ASSIGN AVOID BUGGY IPS ADDRESSES",
        'first true true ["172.19.100.0/24"]',
      ]);
    },
    "get -o yaml, -o jsonpath and -o name give the object": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, configMap("shown", { text: "yes" }));
      const yaml = await kubectl.run("get", "cm", "shown", "-o", "yaml");
      assert.match(yaml, /^apiVersion: v1\ndata:\n  text: "yes"\nkind: ConfigMap\nmetadata:\n/);
      assert.equal(await kubectl.run("get", "cm", "shown", "-o", "jsonpath={.metadata.namespace}"), namespace);
      assert.deepEqual(await kubectl.lines("get", "cm/shown", "-o", "name"), ["configmap/shown"]);
    },
    "get selects by labels, by sets of labels and by fields": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("red", {}, { labels: { colour: "red" } }));
      await created(api, configMap("blue", {}, { labels: { colour: "blue" } }));
      const names = (...args: readonly string[]) => kubectl.lines("get", "cm", ...args, "-o", "name");
      assert.deepEqual(await names("-l", "colour=red"), ["configmap/red"]);
      assert.deepEqual(await names("-l", "colour in (blue, green)"), ["configmap/blue"]);
      assert.deepEqual(await names("-l", "colour,colour notin (blue)"), ["configmap/red"]);
      assert.deepEqual(await names("--field-selector", "metadata.name=blue"), ["configmap/blue"]);
      assert.match(
        await kubectl.refused("get", "svc", "--field-selector", "spec.ports=1"),
        /field label not supported/,
      );
    },
    "get -A lists across namespaces": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, configMap("seen"));
      const lines = await kubectl.lines("get", "cm", "-A", "--no-headers");
      assert.ok(lines.some((line) => line.startsWith(`${namespace} seen 0 `)));
    },
    "get -w shows an object come, change and go": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("before"));
      const watch = kubectl.follow(
        "get",
        "cm",
        "-w",
        "--output-watch-events",
        "--field-selector=metadata.name!=kube-root-ca.crt",
      );
      await eventually("the watch", () => watch.lines.some((line) => line.startsWith("ADDED before")));
      await created(api, configMap("watched"));
      await kubectl.run("patch", "cm", "watched", "-p", '{"data":{"a":"1","b":"2"}}');
      await kubectl.run("delete", "cm", "watched");
      await eventually("its end", () => watch.lines.some((line) => line.startsWith("DELETED watched")));
      const events = watch.lines.slice(-3).map((line) => line.replace(/ \d+s$/, ""));
      assert.deepEqual(events, ["ADDED watched 0", "MODIFIED watched 2", "DELETED watched 2"]);
      await watch.stop();
    },
    "describe tells of a Service and its events": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, service("told", {}));
      const { metadata } = await kubectl.json("get", "svc", "told");
      const at = new Date().toISOString().replace(/\.\d+/, "");
      await created(api, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "told.1" },
        involvedObject: { apiVersion: "v1", kind: "Service", namespace, name: "told", uid: metadata.uid },
        type: "Normal",
        reason: "IPAllocated",
        message: "Assigned",
        count: 1,
        firstTimestamp: at,
        lastTimestamp: at,
        source: { component: "c" },
      } as { kind: string });
      const described = await kubectl.lines("describe", "svc", "told");
      assert.ok(described.includes("Selector: app=told"), described.join("\n"));
      assert.match(described.at(-1) ?? "", /^Normal IPAllocated \d+s c Assigned$/);
    },
    "describe tells of a custom resource": async (api) => {
      await created(api, pool("told", { addresses: ["172.19.100.0/24"] }));
      assert.match(await api.kubectl.run("describe", "ipaddresspool", "told"), /Addresses:\s+172\.19\.100\.0\/24/);
    },
  },
};

export const lists: ContractPart = {
  about: "Lists, watches and resource versions",
  cases: {
    "a list comes in pages, of one moment": async (api) => {
      const path = `/apis/metallb.io/v1beta1/namespaces/${api.namespace}/ipaddresspools`;
      for (const name of ["a", "b", "c"]) await created(api, pool(name, { addresses: ["10.0.0.0/24"] }));
      const first = await call(api, 200, "GET", `${path}?limit=2`);
      assert.deepEqual(
        first.items.map((each) => each.metadata.name),
        ["a", "b"],
      );
      assert.equal(first.metadata.remainingItemCount, 1);
      await created(api, pool("d", { addresses: ["10.0.0.0/24"] }));
      const next = encodeURIComponent(first.metadata.continue ?? "");
      const second = await call(api, 200, "GET", `${path}?limit=2&continue=${next}`);
      assert.deepEqual(
        second.items.map((each) => each.metadata.name),
        ["c"],
      );
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.equal(second.metadata.continue ?? "", "");
    },
    "a watch tells what happened after its resource version, and with a bookmark how far it has come": async (api) => {
      const path = `/api/v1/namespaces/${api.namespace}/secrets`;
      const { metadata } = await call(api, 200, "GET", path);
      const secret = { metadata: { name: "one" }, stringData: { a: "1" } };
      await call(api, 201, "POST", path, JSON.stringify(secret), { "content-type": "application/json" });
      await call(api, 200, "DELETE", `${path}/one`);
      const query = `watch=1&resourceVersion=${metadata.resourceVersion}&allowWatchBookmarks=true&timeoutSeconds=3`;
      const { text } = await api.raw.call("GET", `${path}?${query}`);
      const types = [...text.matchAll(/^\{"type":"([A-Z]+)"/gm)].map((each) => each[1]);
      assert.deepEqual(types.slice(0, 2), ["ADDED", "DELETED"]);
      assert.ok(
        types.slice(2).every((type) => type === "BOOKMARK"),
        text,
      );
    },
    "a watch without a resource version begins with what there is, and with sendInitialEvents says when that was all":
      async (api) => {
        await created(api, configMap("there"));
        const path = `/api/v1/namespaces/${api.namespace}/configmaps?watch=1&timeoutSeconds=2&fieldSelector=metadata.name%3Dthere`;
        const plain = await api.raw.call("GET", path);
        assert.match(plain.text, /^\{"type":"ADDED","object":\{.*"name":"there"/);
        const streamed = await api.raw.call(
          "GET",
          `${path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
        );
        assert.match(streamed.text, /"k8s\.io\/initial-events-end":"true"/);
      },
    "a watch and a page from before what the server remembers are told 410": async (api) => {
      const { namespace, raw } = api;
      // Kubernetes asks etcd for events, and its own memory for all else.
      const path = `/api/v1/namespaces/${namespace}/events`;
      const write = (name: string) => {
        const body = JSON.stringify({ metadata: { name, namespace }, involvedObject: { namespace, name: "it" } });
        return call(api, 201, "POST", path, body, { "content-type": "application/json" });
      };
      for (const name of ["one", "two"]) await write(name);
      const page = await call(api, 200, "GET", `${path}?limit=1`);
      await write("three");
      await api.forget();
      const next = encodeURIComponent(page.metadata.continue ?? "");
      const { text } = await raw.call("GET", `${path}?watch=1&resourceVersion=1&timeoutSeconds=5`);
      assert.match(text, /"type":"ERROR".*"reason":"Expired".*"code":410/);
      assert.equal((await call(api, 410, "GET", `${path}?limit=1&continue=${next}`)).reason, "Expired");
    },
    "a list of a moment that has not come yet is refused": async (api) => {
      const query = "resourceVersion=99999999&resourceVersionMatch=NotOlderThan";
      const answer = await api.raw.call("GET", `/api/v1/namespaces/${api.namespace}/configmaps?${query}`);
      assert.equal(answer.code, 504, answer.text);
      assert.match(answer.text, /Too large resource version/);
    },
    "each write makes the resource version anew, and a write that changes nothing does not": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("counted"));
      const first = (await kubectl.json("get", "cm", "counted")).metadata.resourceVersion;
      await kubectl.run("patch", "cm", "counted", "-p", '{"data":{"a":"1"}}');
      const second = (await kubectl.json("get", "cm", "counted")).metadata.resourceVersion;
      await kubectl.run("patch", "cm", "counted", "-p", '{"data":{"a":"1"}}');
      assert.notEqual(second, first);
      assert.equal((await kubectl.json("get", "cm", "counted")).metadata.resourceVersion, second);
    },
  },
};
