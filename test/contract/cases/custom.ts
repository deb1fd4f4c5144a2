import assert from "node:assert/strict";
import type { ContractApi, ContractCase, ContractPart } from "../contract.ts";
import { created, pool, refusedToCreate } from "./objects.ts";

/** A CustomResourceDefinition of a group of its own for each case: they are not in namespaces. */
function definition({ namespace }: ContractApi) {
  const group = `${namespace}.example.com`;
  const spec = {
    type: "object",
    required: ["size"],
    properties: {
      size: { type: "integer", minimum: 1, maximum: 9 },
      colour: { type: "string", enum: ["red", "blue"], default: "red" },
      limits: {
        type: "object",
        default: { low: 1, high: 5 },
        properties: { low: { type: "integer", default: 1 }, high: { type: "integer", default: 5 } },
        "x-kubernetes-validations": [{ rule: "self.low <= self.high", message: "low must not be above high" }],
      },
      fixed: {
        type: "string",
        "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "fixed cannot change" }],
      },
      free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      names: { type: "array", maxItems: 9, items: { type: "string", maxLength: 99, pattern: "^[a-z]+$" } },
    },
    "x-kubernetes-validations": [
      {
        rule: "!has(self.names) || self.names.all(name, name.size() <= self.size)",
        message: "a name is longer than the size",
      },
    ],
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList", shortNames: ["wd"] },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec, status: { type: "object", properties: { seen: { type: "boolean" } } } },
            },
          },
        },
      ],
    },
  };
}

async function defined(api: ContractApi): Promise<(name: string, spec: object) => { kind: string; metadata: object }> {
  const crd = definition(api);
  await created(api, crd);
  await api.kubectl.run("wait", "--for=condition=Established", `crd/${crd.metadata.name}`, "--timeout=30s");
  return (name, spec) => ({ apiVersion: `${crd.spec.group}/v1`, kind: "Widget", metadata: { name }, spec });
}

const peer = (spec: object) => ({
  apiVersion: "metallb.io/v1beta2",
  kind: "BGPPeer",
  metadata: { name: "switch" },
  spec: { myASN: 64500, peerASN: 64501, peerAddress: "192.0.2.1", ...spec },
});

const cases: Readonly<Record<string, ContractCase>> = {
  "a new kind is served, discovered, shown with its columns and explained": async (api) => {
    const widget = await defined(api);
    const { kubectl, namespace } = api;
    await created(api, widget("one", { size: 3 }));
    assert.deepEqual(await kubectl.lines("get", `widgets.${namespace}.example.com`), ["NAME SIZE", "one 3"]);
    const resources = await kubectl.lines("api-resources", `--api-group=${namespace}.example.com`, "--no-headers");
    assert.deepEqual(resources, [`widgets wd ${namespace}.example.com/v1 true Widget`]);
    assert.match(
      await kubectl.run("explain", `widgets.spec.size`, `--api-version=${namespace}.example.com/v1`),
      /<integer>/,
    );
  },
  "defaults are filled in, at every depth": async (api) => {
    const widget = await defined(api);
    await created(api, widget("one", { size: 3, limits: { high: 7 } }));
    const { spec } = await api.kubectl.json("get", `widgets.${api.namespace}.example.com`, "one");
    assert.deepEqual(spec, { size: 3, colour: "red", limits: { low: 1, high: 7 } });
  },
  "what the schema does not know is pruned, but where it is to be preserved": async (api) => {
    const widget = await defined(api);
    const file = await api.kubectl.file("widget.json", widget("one", { size: 3, odd: 1, free: { odd: 1 } }));
    await api.kubectl.run("create", "--validate=ignore", "-f", file);
    const { spec } = await api.kubectl.json("get", `widgets.${api.namespace}.example.com`, "one");
    assert.deepEqual([spec["odd"], spec["free"]], [undefined, { odd: 1 }]);
  },
  "types, bounds, enumerations, patterns and required fields hold": async (api) => {
    const widget = await defined(api);
    const refused = (spec: object) => refusedToCreate(api, widget("wrong", spec));
    assert.match(await refused({}), /spec\.size: Required value/);
    assert.match(await refused({ size: 10 }), /spec\.size: Invalid value: 10: .*should be less than or equal to 9/);
    assert.match(await refused({ size: "x" }), /spec\.size.*must be of type integer: "string"/);
    assert.match(await refused({ size: 1, colour: "green" }), /spec\.colour: Unsupported value: "green"/);
    assert.match(
      await refused({ size: 9, names: ["A"] }),
      /spec\.names\[0\]: Invalid value: "A".*should match '\^\[a-z\]\+\$'/,
    );
  },
  "rules in CEL hold on creation": async (api) => {
    const widget = await defined(api);
    const limits = await refusedToCreate(api, widget("wrong", { size: 3, limits: { low: 6 } }));
    assert.match(limits, /spec\.limits: Invalid value: .*low must not be above high/);
    const names = await refusedToCreate(api, widget("wrong", { size: 3, names: ["abcd"] }));
    assert.match(names, /spec: Invalid value: .*a name is longer than the size/);
  },
  "rules in CEL that compare with the old value hold on change": async (api) => {
    const widget = await defined(api);
    await created(api, widget("one", { size: 3, fixed: "a" }));
    const patch = ["patch", `widgets.${api.namespace}.example.com`, "one", "--type=merge", "-p"];
    await api.kubectl.run(...patch, '{"spec":{"size":4}}');
    assert.match(await api.kubectl.refused(...patch, '{"spec":{"fixed":"b"}}'), /fixed cannot change/);
  },
  "a kind goes with its definition, and its objects with it": async (api) => {
    const widget = await defined(api);
    await created(api, widget("one", { size: 3 }));
    await api.kubectl.run("delete", "crd", `widgets.${api.namespace}.example.com`, "--timeout=60s");
    assert.match(
      await api.kubectl.refused("get", `widgets.${api.namespace}.example.com`),
      /doesn't have a resource type/,
    );
  },
};

export const customResources: ContractPart = {
  about: "Custom resources",
  cases: {
    "Fairlead's kinds get their defaults, and lose what their schema does not know": async (api) => {
      const given = pool("given", { addresses: ["192.0.2.0/24"], odd: 1 });
      await api.kubectl.run("create", "--validate=ignore", "-f", await api.kubectl.file("pool.json", given));
      const { spec } = await api.kubectl.json("get", "ipaddresspool", "given");
      assert.deepEqual(spec, { addresses: ["192.0.2.0/24"], autoAssign: true, avoidBuggyIPs: false });
    },
    "Fairlead's kinds are held to their bounds": async (api) => {
      const wrong = peer({ holdTime: "1s", peerPort: 70_000 });
      assert.match(await refusedToCreate(api, wrong), /spec\.peerPort: Invalid value: 70000/);
    },
    "Fairlead's kinds are held to their rules in CEL": async (api) => {
      await created(api, peer({ enableGracefulRestart: true }));
      const patch = ["--type=merge", "-p", '{"spec":{"enableGracefulRestart":false}}'];
      const refused = await api.kubectl.refused("patch", "bgppeer", "switch", ...patch);
      assert.match(refused, /spec\.enableGracefulRestart: Invalid value.*cannot be changed: make another peer/);
    },
  },
  // The embedded server has Fairlead's own kinds from the same definitions that the CustomResourceDefinitions are made of.
  beyondEmbedded: Object.entries(cases).map(([name, run]) => ({
    name,
    refused: {
      method: "POST",
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      names: /customresourcedefinitions of apiextensions\.k8s\.io\/v1 is not implemented/,
    },
    run,
  })),
};
