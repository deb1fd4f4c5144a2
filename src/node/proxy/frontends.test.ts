import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndpointSlice, Node, Service } from "../../kubernetes/resources/index.ts";
import { frontendsOf, healthOf } from "./frontends.ts";
import { addressesOf, deadNodesOf } from "./nodes.ts";

const context = {
  nodeName: "one",
  nodeAddresses: ["10.10.2.1", "fd10::1"],
  deadNodes: new Set<string>(),
  reportedDead: new Set<string>(),
};
const cluster = { clusterIPs: ["10.233.0.1", "fd00::1"], ports: [{ port: 80, nodePort: 30_080 }] };

function keysOf(spec: object, ingress: readonly object[] = []): string[] {
  const service = serviceOf(spec, ingress);
  return frontendsOf(service, [], context).map(({ key }) => key);
}

function serviceOf(spec: object, ingress: readonly object[] = []): Service {
  const status = { loadBalancer: { ingress } };
  return Service.schema.parse({ metadata: { name: "s", namespace: "default" }, spec: { ...cluster, ...spec }, status });
}

describe("a service's frontends", () => {
  it("are its addresses in the cluster, of both families", () => {
    assert.deepEqual(keysOf({}), ["10.233.0.1 . 6 . 80", "fd00::1 . 6 . 80"]);
  });

  it("are none for a headless service, one without an address yet, and an ExternalName", () => {
    assert.deepEqual(keysOf({ clusterIPs: undefined, clusterIP: "None" }), []);
    assert.deepEqual(keysOf({ clusterIPs: undefined, clusterIP: "" }), []);
    assert.deepEqual(keysOf({ clusterIPs: undefined }), []);
    assert.deepEqual(keysOf({ type: "ExternalName", externalName: "example.org" }), []);
  });

  it("are for node ports the node's addresses of the service's families", () => {
    const node = ["10.10.2.1 . 6 . 30080", "fd10::1 . 6 . 30080"];
    assert.deepEqual(
      keysOf({ type: "NodePort" }).filter((key) => node.includes(key)),
      node,
    );
    assert.ok(!keysOf({ type: "LoadBalancer", ports: [{ port: 80 }] }).some((key) => key.startsWith("10.10.")));
  });

  it("are for a load balancer its addresses of mode VIP, and for all the external addresses", () => {
    const ingress = [
      { ip: "172.19.100.1" },
      { ip: "172.19.100.2", ipMode: "VIP" },
      { ip: "172.19.100.3", ipMode: "Proxy" },
      { hostname: "example.org" },
    ];
    const of = (spec: object) => keysOf(spec, ingress).filter((key) => /^(172|192)/.test(key));
    const external = { externalIPs: ["192.0.2.7"] };
    assert.deepEqual(of({ type: "LoadBalancer", ...external }), [
      "172.19.100.1 . 6 . 80",
      "172.19.100.2 . 6 . 80",
      "192.0.2.7 . 6 . 80",
    ]);
    assert.deepEqual(of(external), ["192.0.2.7 . 6 . 80"]);
  });

  it("write addresses in one form, and take none that is no address", () => {
    assert.deepEqual(keysOf({ clusterIPs: ["FD00:0::1", "10.0.0.1; drop"] }), ["fd00::1 . 6 . 80"]);
  });

  it("have the affinity's time from the service, three hours where it gives none", () => {
    const seconds = (spec: object) => frontendsOf(serviceOf(spec), [], context)[0]?.affinitySeconds;
    assert.equal(seconds({}), undefined);
    assert.equal(seconds({ sessionAffinity: "ClientIP" }), 10_800);
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 7 } };
    assert.equal(seconds({ sessionAffinity: "ClientIP", sessionAffinityConfig }), 7);
  });

  it("keep of the source ranges those of their family that lie in no other", () => {
    const allowed = (ranges: readonly string[], ip = "172.19.100.1") => {
      const service = serviceOf({ type: "LoadBalancer", loadBalancerSourceRanges: ranges }, [{ ip }]);
      return frontendsOf(service, [], context).find(({ key }) => key.startsWith(ip))?.allowed;
    };
    assert.deepEqual(allowed(["10.1.0.0/16", " 10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]), [
      "10.0.0.0/8",
      "192.0.2.1/32",
    ]);
    assert.deepEqual(allowed(["fd00::/8"]), [], "nobody");
    assert.equal(allowed([]), undefined, "everybody");
  });
});

describe("a health check", () => {
  const slices = (["IPv4", "IPv6"] as const).map((addressType) =>
    EndpointSlice.schema.parse({
      metadata: { name: addressType },
      addressType,
      ports: [{ name: "", port: 8080 }],
      endpoints: [
        { addresses: [addressType === "IPv4" ? "10.233.64.2" : "fd64::2"], nodeName: "one" },
        { addresses: [addressType === "IPv4" ? "10.233.65.2" : "fd65::2"], nodeName: "two" },
      ],
    }),
  );
  const local = { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 31_000 };

  it("counts a pod of two families once", () => {
    const health = { namespace: "default", name: "s", port: 31_000, localEndpoints: 1 };
    assert.deepEqual(healthOf(serviceOf(local), slices, context), health);
  });

  it("is there only for load balancers with the policy Local", () => {
    assert.equal(healthOf(serviceOf({ ...local, externalTrafficPolicy: "Cluster" }), slices, context), undefined);
    assert.equal(healthOf(serviceOf({ ...local, type: "NodePort" }), slices, context), undefined);
  });
});

describe("nodes", () => {
  const node = (name: string, status: object) => Node.schema.parse({ metadata: { name }, status });
  const ready = (status: string) => ({ conditions: [{ type: "Ready", status }] });

  it("are dead when not ready or not heard of, and alive without the condition", () => {
    const nodes = [...["True", "False", "Unknown"].map((status) => node(status, ready(status))), node("new", {})];
    assert.deepEqual([...deadNodesOf(nodes)], ["False", "Unknown"]);
  });

  it("answer for node ports on their internal and external addresses", () => {
    const addresses = [
      { type: "Hostname", address: "one" },
      { type: "InternalIP", address: "10.10.2.1" },
      { type: "InternalIP", address: "FD10::1" },
      { type: "ExternalIP", address: "192.0.2.1" },
      { type: "InternalDNS", address: "10.0.0.1" },
    ];
    assert.deepEqual(addressesOf(node("one", { addresses })), ["10.10.2.1", "192.0.2.1", "fd10::1"]);
  });
});
