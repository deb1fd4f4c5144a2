import assert from "node:assert/strict";
import { test } from "node:test";
import { Namespace, Service } from "../../../resources/index.ts";
import { objectAt, objectsAt, stringAt, type JsonObject } from "../../json.ts";
import { parseStored, type ApiObject } from "../../object.ts";
import { Deleter } from "../../deleter.ts";
import { ApiError } from "../../status.ts";
import { Store } from "../../store/store.ts";
import { Writer } from "../../writer.ts";
import { strategies } from "../strategies.ts";
import { serviceNetworksOf } from "./networks.ts";

const options = { dryRun: false, fieldManager: "test", fieldValidation: "Strict", force: false } as const;
const ports = [{ name: "http", port: 80 }];

/** Services as an API server with these networks keeps them. */
class Services {
  readonly #store = new Store(":memory:");
  readonly #writer: Writer;
  readonly #deleter: Deleter;
  readonly ready: Promise<unknown>;

  constructor(networks: readonly string[], nodePorts = { first: 30_000, last: 32_767 }) {
    const strategyOf = strategies(serviceNetworksOf(networks, nodePorts));
    this.#writer = new Writer(this.#store, strategyOf);
    this.#deleter = new Deleter(this.#store, strategyOf);
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } };
    this.ready = this.#writer.create({ kind: Namespace, namespace: "" }, object, options);
  }

  async create(name: string, spec: JsonObject): Promise<JsonObject> {
    await this.ready;
    const object = { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
    return this.#specOf(await this.#writer.create({ kind: Service, namespace: "default" }, object, options));
  }

  async change(name: string, change: (spec: JsonObject) => JsonObject): Promise<JsonObject> {
    const transform = (old?: ApiObject) => {
      assert.ok(old);
      return { ...old, spec: change(objectAt(old, "spec")) };
    };
    const update = { kind: Service, namespace: "default", name, subresource: undefined, replaces: true, transform };
    return this.#specOf(await this.#writer.update(update, options));
  }

  delete(name: string): Promise<unknown> {
    return this.#deleter.delete(
      { kind: Service, namespace: "default", name },
      { dryRun: false, propagation: "Background" },
    );
  }

  #specOf({ text }: { text: string }): JsonObject {
    return objectAt(parseStored(text), "spec");
  }
}

/** What is refused, as `field: message` lines. */
async function refused(promise: Promise<unknown>): Promise<string[]> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.equal(error.reason, "Invalid");
    return (error.details?.causes ?? []).map(({ field = "", message }) => `${field}: ${message}`);
  }
  assert.fail("it was not refused");
}

test("a Service is completed as Kubernetes completes it", async () => {
  const services = new Services(["10.233.0.0/18"]);
  const {
    clusterIP,
    clusterIPs,
    ports: given,
    ...rest
  } = await services.create("web", { type: "LoadBalancer", ports, sessionAffinity: "ClientIP" });
  assert.match(stringAt({ clusterIP: clusterIP ?? "" }, "clusterIP") ?? "", /^10\.233\./);
  assert.deepEqual(clusterIPs, [clusterIP]);
  const [port] = objectsAt({ given: given ?? [] }, "given");
  assert.ok(Number(port?.["nodePort"]) >= 30_000);
  assert.deepEqual({ ...port, nodePort: 0 }, { name: "http", port: 80, protocol: "TCP", targetPort: 80, nodePort: 0 });
  assert.deepEqual(rest, {
    type: "LoadBalancer",
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    externalTrafficPolicy: "Cluster",
    internalTrafficPolicy: "Cluster",
    allocateLoadBalancerNodePorts: true,
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
  });
});

test("a Local load balancer has a health check port, and loses it with its policy", async () => {
  const services = new Services(["10.0.0.0/24"]);
  const local = await services.create("web", {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    allocateLoadBalancerNodePorts: false,
    ports,
  });
  assert.ok(Number(local["healthCheckNodePort"]) >= 30_000);
  assert.equal(objectsAt(local, "ports")[0]?.["nodePort"], undefined);
  const cluster = await services.change("web", (spec) => ({ ...spec, externalTrafficPolicy: "Cluster" }));
  assert.equal(cluster["healthCheckNodePort"], undefined);
});

test("a replacement without the allocations keeps them", async () => {
  const services = new Services(["10.0.0.0/24"]);
  const before = await services.create("web", { type: "NodePort", ports });
  const after = await services.change("web", () => ({
    type: "NodePort",
    ports: [...ports, { name: "dns", port: 53, protocol: "UDP" }],
  }));
  assert.equal(after["clusterIP"], before["clusterIP"]);
  assert.equal(objectsAt(after, "ports")[0]?.["nodePort"], objectsAt(before, "ports")[0]?.["nodePort"]);
  assert.notEqual(objectsAt(after, "ports")[1]?.["nodePort"], objectsAt(before, "ports")[0]?.["nodePort"]);
});

test("a change of type drops what the new type has not, and frees it", async () => {
  const services = new Services(["10.0.0.0/29"], { first: 30_000, last: 30_000 });
  await services.create("one", { type: "NodePort", ports });
  await assert.rejects(
    services.create("two", { type: "NodePort", ports }),
    /failed to allocate a nodePort: range is full/,
  );
  const changed = await services.change("one", (spec) => ({ ...spec, type: "ClusterIP" }));
  assert.equal(objectsAt(changed, "ports")[0]?.["nodePort"], undefined);
  assert.equal(changed["externalTrafficPolicy"], undefined);
  await services.create("two", { type: "NodePort", ports });
  const external = await services.change("one", () => ({ type: "ExternalName", externalName: "example.com" }));
  assert.equal(external["clusterIP"], undefined);
});

test("no address is given twice, all of a network are given, and a deleted Service's is free again", async () => {
  const services = new Services(["10.0.0.0/28"]);
  const given = await Promise.all(Array.from({ length: 14 }, (_, index) => services.create(`s${index}`, { ports })));
  assert.equal(new Set(given.map(({ clusterIP }) => clusterIP)).size, 14);
  await assert.rejects(services.create("late", { ports }), /range 10\.0\.0\.0\/28 is full/);
  await services.delete("s3");
  assert.equal((await services.create("late", { ports }))["clusterIP"], given[3]?.["clusterIP"]);
});

test("an address or port that is asked for is given once", async () => {
  const services = new Services(["10.0.0.0/24"]);
  const asked = { type: "NodePort", clusterIP: "10.0.0.9", ports: [{ port: 80, nodePort: 30_080 }] };
  assert.equal((await services.create("one", asked))["clusterIP"], "10.0.0.9");
  assert.deepEqual(await refused(services.create("two", asked)), [
    'spec.clusterIPs: Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is already allocated',
  ]);
  assert.deepEqual(await refused(services.create("two", { ...asked, clusterIP: "10.0.0.10" })), [
    "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
  ]);
  // What the refused ones took was given back.
  assert.equal((await services.create("two", { clusterIP: "10.0.0.10", ports }))["clusterIP"], "10.0.0.10");
});

test("one port over TCP and UDP gets one node port", async () => {
  const services = new Services(["10.0.0.0/24"]);
  const spec = {
    type: "NodePort",
    ports: [
      { name: "t", port: 53 },
      { name: "u", port: 53, protocol: "UDP" },
    ],
  };
  const [tcp, udp] = objectsAt(await services.create("dns", spec), "ports");
  assert.equal(tcp?.["nodePort"], udp?.["nodePort"]);
});

test("families follow the policy and the cluster's networks", async () => {
  const dual = new Services(["10.0.0.0/24", "fd00::/112"]);
  const families = async (name: string, spec: JsonObject) => {
    const { ipFamilies, ipFamilyPolicy, clusterIPs } = await dual.create(name, { ports, ...spec });
    assert.equal((clusterIPs as string[]).length, (ipFamilies as string[]).length);
    return [ipFamilyPolicy, ...(ipFamilies as string[])];
  };
  assert.deepEqual(await families("a", {}), ["SingleStack", "IPv4"]);
  assert.deepEqual(await families("b", { ipFamilyPolicy: "PreferDualStack" }), ["PreferDualStack", "IPv4", "IPv6"]);
  assert.deepEqual(await families("c", { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] }), [
    "RequireDualStack",
    "IPv6",
    "IPv4",
  ]);
  assert.deepEqual(await families("d", { clusterIP: "fd00::9" }), ["SingleStack", "IPv6"]);
  const shrunk = await dual.change("b", (spec) => ({ ...spec, ipFamilyPolicy: "SingleStack" }));
  assert.equal((shrunk["clusterIPs"] as string[]).length, 1);
  assert.deepEqual(shrunk["ipFamilies"], ["IPv4"]);
  const grown = await dual.change("b", (spec) => ({ ...spec, ipFamilyPolicy: "PreferDualStack" }));
  assert.equal((grown["clusterIPs"] as string[]).length, 2);

  const single = new Services(["10.0.0.0/24"]);
  assert.deepEqual(await refused(single.create("a", { ports, ipFamilyPolicy: "RequireDualStack" })), [
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ]);
  assert.deepEqual(await refused(single.create("a", { ports, ipFamilies: ["IPv6"] })), [
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ]);
  const headless = await single.create("h", { clusterIP: "None", selector: { app: "x" } });
  assert.deepEqual([headless["clusterIPs"], headless["ipFamilies"]], [["None"], ["IPv4"]]);
});

const wrong: readonly (readonly [what: string, spec: JsonObject, problem: string])[] = [
  ["no ports", {}, "spec.ports: Required value"],
  ["two ports without names", { ports: [{ port: 1 }, { name: "b", port: 2 }] }, "spec.ports[0].name: Required value"],
  [
    "one name twice",
    {
      ports: [
        { name: "a", port: 1 },
        { name: "a", port: 2 },
      ],
    },
    'spec.ports[1].name: Duplicate value: "a"',
  ],
  [
    "one port twice",
    {
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 1 },
      ],
    },
    'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":1}',
  ],
  [
    "a port that is none",
    { ports: [{ port: 0 }] },
    "spec.ports[0].port: Invalid value: 0: should be greater than or equal to 1",
  ],
  [
    "a type that is none",
    { type: "X", ports },
    'spec.type: Unsupported value: "X": supported values: "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"',
  ],
  [
    "a node port of a ClusterIP",
    { ports: [{ port: 1, nodePort: 30_000 }] },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  [
    "a node port out of range",
    { type: "NodePort", ports: [{ port: 1, nodePort: 9 }] },
    "spec.ports[0].nodePort: Invalid value: 9: provided port is not in the valid range. The range of valid ports is 30000-32767",
  ],
  [
    "source ranges without a load balancer",
    { ports, loadBalancerSourceRanges: ["10.0.0.0/8"] },
    "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  ],
  [
    "a source range that is none",
    { type: "LoadBalancer", ports, loadBalancerSourceRanges: ["x"] },
    'spec.loadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [
    "an address of another network",
    { ports, clusterIP: "10.9.9.9" },
    'spec.clusterIPs: Invalid value: ["10.9.9.9"]: failed to allocate IP 10.9.9.9: the provided network does not match the current range',
  ],
  [
    "the network's own address",
    { ports, clusterIP: "10.0.0.0" },
    'spec.clusterIPs: Invalid value: ["10.0.0.0"]: failed to allocate IP 10.0.0.0: the provided network does not match the current range',
  ],
  ["an ExternalName without a name", { type: "ExternalName" }, "spec.externalName: Required value"],
  [
    "a headless load balancer",
    { type: "LoadBalancer", clusterIP: "None", ports },
    "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services",
  ],
  [
    "an external policy within",
    { ports, externalTrafficPolicy: "Local" },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
];

for (const [what, spec, problem] of wrong) {
  test(`a Service with ${what} is refused`, async () => {
    assert.deepEqual(await refused(new Services(["10.0.0.0/24"]).create("web", spec)), [problem]);
  });
}

test("a cluster address and a load balancer's class stay what they are", async () => {
  const services = new Services(["10.0.0.0/24"]);
  await services.create("web", { type: "LoadBalancer", loadBalancerClass: "a.b/c", clusterIP: "10.0.0.9", ports });
  const moved = services.change("web", (spec) => ({ ...spec, clusterIP: "10.0.0.10", clusterIPs: ["10.0.0.10"] }));
  assert.deepEqual(await refused(moved), ['spec.clusterIPs[0]: Invalid value: ["10.0.0.10"]: may not change once set']);
  const classed = services.change("web", (spec) => ({ ...spec, loadBalancerClass: "a.b/d" }));
  assert.deepEqual(await refused(classed), ['spec.loadBalancerClass: Invalid value: "a.b/d": may not change once set']);
});

test("networks that make no sense are refused at the start", () => {
  const nodePorts = { first: 30_000, last: 32_767 };
  assert.throws(() => serviceNetworksOf(["10.0.0.0"], nodePorts), /"10\.0\.0\.0": write a prefix/);
  assert.throws(() => serviceNetworksOf(["10.0.0.0/24", "10.1.0.0/24"], nodePorts), /one of IPv4 and one of IPv6/);
  assert.throws(() => serviceNetworksOf([], nodePorts), /give one prefix/);
});
