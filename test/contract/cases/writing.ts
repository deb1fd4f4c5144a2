import assert from "node:assert/strict";
import { eventually } from "../../kubernetes/kubectl.ts";
import type { ContractPart } from "../contract.ts";
import { call, configMap, configMapsPath, created, pod, pool, refusedToCreate, service } from "./objects.ts";

const json = { "content-type": "application/json" };

export const writing: ContractPart = {
  about: "Creating and changing",
  cases: {
    "create makes an object once, and tells of an unknown field": async (api) => {
      await created(api, configMap("once"));
      assert.match(await refusedToCreate(api, configMap("once")), /configmaps "once" already exists/);
      assert.match(
        await refusedToCreate(api, pool("wrong", { addresses: ["10.0.0.0/24"], colour: "red" })),
        /strict decoding error: unknown field "spec\.colour"/,
      );
    },
    "apply creates, changes, prunes what it applied before, and finds nothing to do the second time": async (api) => {
      const { kubectl } = api;
      const apply = async (data: Record<string, string>) =>
        kubectl.lines("apply", "-f", await kubectl.file("applied.json", configMap("applied", data)));
      assert.deepEqual(await apply({ a: "1", b: "2" }), ["configmap/applied created"]);
      assert.deepEqual(await apply({ a: "1", b: "2" }), ["configmap/applied unchanged"]);
      await kubectl.run("patch", "cm", "applied", "-p", '{"data":{"c":"3"}}');
      assert.deepEqual(await apply({ a: "1" }), ["configmap/applied configured"]);
      assert.deepEqual((await kubectl.json("get", "cm", "applied")).data, { a: "1", c: "3" });
    },
    "apply --server-side creates and changes, and gives up what is no longer applied": async (api) => {
      const { kubectl } = api;
      const apply = async (data: Record<string, string>) =>
        kubectl.lines("apply", "--server-side", "-f", await kubectl.file("applied.json", configMap("applied", data)));
      assert.deepEqual(await apply({ a: "1", b: "2" }), ["configmap/applied serverside-applied"]);
      await apply({ a: "2" });
      const { data, metadata } = await kubectl.json("get", "cm", "applied", "--show-managed-fields");
      assert.deepEqual(data, { a: "2" });
      assert.deepEqual(
        metadata.managedFields?.map(({ manager }) => manager),
        ["kubectl"],
      );
    },
    "apply --server-side is refused a field of another manager, unless it is forced": async (api) => {
      const { kubectl } = api;
      const apply = async (data: Record<string, string>, manager: string, ...args: readonly string[]) => {
        const file = await kubectl.file("owned.json", configMap("owned", data));
        return ["apply", "--server-side", "-f", file, `--field-manager=${manager}`, ...args];
      };
      await kubectl.run(...(await apply({ a: "1" }, "one")));
      assert.match(await kubectl.refused(...(await apply({ a: "2" }, "two"))), /conflict with "one": \.data\.a/);
      await kubectl.run(...(await apply({ a: "2" }, "two", "--force-conflicts")));
      assert.deepEqual((await kubectl.json("get", "cm", "owned")).data, { a: "2" });
    },
    "edit writes what the editor leaves": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("edited", { colour: "red" }));
      await kubectl.runWith({ KUBE_EDITOR: "sed -i s/red/blue/" }, "edit", "cm", "edited");
      assert.deepEqual((await kubectl.json("get", "cm", "edited")).data, { colour: "blue" });
    },
    "a strategic merge patch merges a list by its key": async (api) => {
      const { kubectl } = api;
      await created(api, service("patched", {}));
      await kubectl.run("patch", "svc", "patched", "-p", '{"spec":{"ports":[{"port":443,"name":"https"}]}}');
      const { spec } = await kubectl.json("get", "svc", "patched");
      assert.deepEqual(
        (spec["ports"] as { port: number }[]).map(({ port }) => port),
        [443, 80],
      );
    },
    "a merge patch replaces a list whole, and null removes": async (api) => {
      const { kubectl } = api;
      await created(api, pool("merged", { addresses: ["10.0.0.0/24"], avoidBuggyIPs: true }));
      const patch = '{"spec":{"addresses":["10.1.0.0/24","10.2.0.0/24"],"avoidBuggyIPs":null}}';
      await kubectl.run("patch", "ipaddresspool", "merged", "--type=merge", "-p", patch);
      const { spec } = await kubectl.json("get", "ipaddresspool", "merged");
      assert.deepEqual(spec["addresses"], ["10.1.0.0/24", "10.2.0.0/24"]);
      assert.notEqual(spec["avoidBuggyIPs"], true);
    },
    "a JSON patch tests, removes and adds by path, all or nothing": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("stepped", { a: "1", b: "2" }));
      const patch = (steps: object) => ["patch", "cm", "stepped", "--type=json", "-p", JSON.stringify(steps)];
      await kubectl.run(
        ...patch([
          { op: "test", path: "/data/a", value: "1" },
          { op: "remove", path: "/data/a" },
          { op: "add", path: "/data/c", value: "3" },
        ]),
      );
      const wrong = patch([
        { op: "remove", path: "/data/b" },
        { op: "test", path: "/data/c", value: "4" },
      ]);
      assert.match(await kubectl.refused(...wrong), /invalid/);
      assert.deepEqual((await kubectl.json("get", "cm", "stepped")).data, { b: "2", c: "3" });
    },
    "replace is refused to who has not seen the last version": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("replaced"));
      const seen = await kubectl.json("get", "cm", "replaced");
      const file = await kubectl.file("replaced.json", { ...seen, data: { a: "1" } });
      await kubectl.run("replace", "-f", file);
      assert.match(
        await kubectl.refused("replace", "-f", file),
        /Operation cannot be fulfilled.*the object has been modified/,
      );
    },
    "label and annotate set and take away": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("named"));
      await kubectl.run("label", "cm", "named", "tier=front", "zone=a");
      await kubectl.run("annotate", "cm", "named", "example.com/note=x");
      await kubectl.run("label", "cm", "named", "zone-");
      const { metadata } = await kubectl.json("get", "cm", "named");
      assert.deepEqual([metadata.labels, metadata.annotations?.["example.com/note"]], [{ tier: "front" }, "x"]);
      assert.match(await kubectl.refused("label", "cm", "named", "tier=back"), /already has a value/);
      assert.match(await kubectl.refused("label", "cm", "named", "--overwrite", "tier=b c"), /a valid label must/);
    },
    "a dry run on the server tells what would be, and nothing is": async ({ kubectl }) => {
      const dry = await kubectl.json("create", "service", "clusterip", "dry", "--tcp=80:80", "--dry-run=server");
      assert.match(String(dry.spec["clusterIP"]), /^10\.233\./);
      assert.match(await kubectl.refused("get", "svc", "dry"), /not found/);
    },
    "generateName makes a name of its own each time": async (api) => {
      const body = JSON.stringify({ metadata: { generateName: "made-" } });
      const names = await Promise.all(
        [1, 2].map(async () => (await call(api, 201, "POST", configMapsPath(api), body, json)).metadata.name),
      );
      for (const name of names) assert.match(name, /^made-[a-z0-9]{5}$/);
      assert.notEqual(names[0], names[1]);
    },
    "the status has a door of its own, and the generation counts changes of the spec alone": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, pool("split", { addresses: ["10.0.0.0/24"] }));
      const path = `/apis/metallb.io/v1beta1/namespaces/${namespace}/ipaddresspools/split`;
      const merge = { "content-type": "application/merge-patch+json" };
      const both = JSON.stringify({ spec: { autoAssign: false }, status: { assignedIPv4: 3 } });
      const byStatus = await call(api, 200, "PATCH", `${path}/status`, both, merge);
      assert.deepEqual([byStatus.spec["autoAssign"], byStatus.status["assignedIPv4"]], [true, 3]);
      const bySpec = await call(api, 200, "PATCH", path, both.replace("3", "4"), merge);
      assert.deepEqual([bySpec.spec["autoAssign"], bySpec.status["assignedIPv4"]], [false, 3]);
      assert.deepEqual([byStatus.metadata.generation, bySpec.metadata.generation], [1, 2]);
      await kubectl.run(
        "patch",
        "ipaddresspool",
        "split",
        "--subresource=status",
        "--type=merge",
        "-p",
        '{"status":{"assignedIPv4":5}}',
      );
    },
    "what is wrong is refused with the object, the field and what would be right": async (api) => {
      assert.match(
        await refusedToCreate(api, pool("p", { addresses: "x" })),
        /spec\.addresses.*must be of type array/s,
      );
      assert.match(
        await refusedToCreate(api, service("s", { ports: [] })),
        /The Service "s" is invalid: spec\.ports: Required value/,
      );
      assert.match(await refusedToCreate(api, service("a_b", {})), /a lowercase RFC 1123 label must/);
      assert.match(await refusedToCreate(api, service("a.b", {})), /metadata\.name: .*must not contain dots/);
      assert.match(await api.kubectl.refused("create", "namespace", "a.b"), /metadata\.name: .*must not contain dots/);
      assert.match(await api.kubectl.refused("create", "cm", "x", "-n", "absent"), /namespaces "absent" not found/);
    },
  },
};

export const deleting: ContractPart = {
  about: "Deleting and waiting",
  cases: {
    "an object with a finalizer is there until the finalizer is taken away": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("held", {}, { finalizers: ["example.com/hold"] }));
      await kubectl.run("delete", "cm", "held", "--wait=false");
      assert.match(await kubectl.run("get", "cm", "held", "-o", "yaml"), /deletionTimestamp:/);
      await kubectl.run("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
      assert.match(await kubectl.refused("get", "cm", "held"), /not found/);
    },
    "what an object owns goes after it, and is let go where orphans are asked for": async (api) => {
      const { kubectl } = api;
      const ownedBy = async (owner: string) => {
        await created(api, configMap(owner));
        const { uid } = (await kubectl.json("get", "cm", owner)).metadata;
        const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: owner, uid }];
        await created(api, configMap(`of-${owner}`, {}, { ownerReferences }));
      };
      await ownedBy("left");
      await ownedBy("taken");
      await kubectl.run("delete", "cm", "left", "--cascade=orphan");
      await kubectl.run("delete", "cm", "taken");
      await eventually("what was owned goes", () => kubectl.refused("get", "cm", "of-taken").catch(() => undefined));
      const { metadata } = await kubectl.json("get", "cm", "of-left");
      assert.ok(!("ownerReferences" in metadata));
    },
    "a foreground deletion waits for what is owned": async (api) => {
      const { kubectl } = api;
      await created(api, configMap("owner"));
      const { uid } = (await kubectl.json("get", "cm", "owner")).metadata;
      const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid, blockOwnerDeletion: true }];
      await created(api, configMap("owned", {}, { ownerReferences, finalizers: ["example.com/hold"] }));
      await kubectl.run("delete", "cm", "owner", "--cascade=foreground", "--wait=false");
      await eventually(
        "the owned one is to go",
        async () => "deletionTimestamp" in (await kubectl.json("get", "cm", "owned")).metadata,
      );
      await kubectl.run("get", "cm", "owner");
      await kubectl.run("patch", "cm", "owned", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
      await eventually("the owner goes", () => kubectl.refused("get", "cm", "owner").catch(() => undefined));
    },
    "delete takes all that a selector names": async (api) => {
      const { kubectl } = api;
      for (const name of ["a", "b"]) await created(api, configMap(name, {}, { labels: { go: "yes" } }));
      await created(api, configMap("stays"));
      await kubectl.run("delete", "cm", "-l", "go=yes");
      const left = await kubectl.lines("get", "cm", "-o", "name");
      assert.ok(left.includes("configmap/stays") && !left.includes("configmap/a"), left.join());
    },
    "a namespace takes with it all that is in it": async (api) => {
      const { kubectl, namespace } = api;
      await kubectl.run("create", "ns", `${namespace}-passing`);
      await kubectl.run("create", "cm", "inside", "-n", `${namespace}-passing`);
      await kubectl.run("delete", "ns", `${namespace}-passing`, "--timeout=60s");
      assert.match(await kubectl.refused("get", "cm", "inside", "-n", `${namespace}-passing`), /not found/);
      assert.match(await kubectl.refused("delete", "ns", "default"), /this namespace may not be deleted/);
    },
    "wait returns when a condition is met, a field has a value, an object is gone": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, pod("waited"));
      const status = { conditions: [{ type: "Ready", status: "True" }] };
      const waiting = kubectl.run("wait", "--for=condition=Ready", "pod/waited", "--timeout=20s");
      await kubectl.run("patch", "pod", "waited", "--subresource=status", "-p", JSON.stringify({ status }));
      await waiting;
      await kubectl.run("wait", "--for=jsonpath={.status.phase}=Active", `ns/${namespace}`, "--timeout=20s");
      const gone = kubectl.run("wait", "--for=delete", "pod/waited", "--timeout=20s");
      await kubectl.run("delete", "pod", "waited", "--grace-period=0", "--force");
      await gone;
      assert.match(await kubectl.refused("wait", "--for=condition=Ready", "pod/none", "--timeout=1s"), /not found/);
    },
    "a pod that is evicted is asked to end": async (api) => {
      const { kubectl, namespace } = api;
      await created(api, pod("evicted"));
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted", namespace } };
      const path = `/api/v1/namespaces/${namespace}/pods/evicted/eviction`;
      await call(api, 201, "POST", path, JSON.stringify(eviction), json);
      const { metadata } = await kubectl.json("get", "pod", "evicted");
      assert.ok("deletionTimestamp" in metadata);
      await kubectl.run("delete", "pod", "evicted", "--grace-period=0", "--force");
    },
  },
};
