import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndpointSlice, Service } from "../../kubernetes/resources/index.ts";
import { backendsOf } from "./backends.ts";
import { frontendsOf, type Target } from "./frontends.ts";

// Endpoints are written `where:state`, on this node (here) or another (there).
const states = {
  ready: { ready: true, serving: true, terminating: false },
  unready: { ready: false, serving: false, terminating: false },
  /** Terminating, and its readiness probe still succeeds. */
  ending: { ready: false, serving: true, terminating: true },
  ended: { ready: false, serving: false, terminating: true },
  /** Terminating, of a service with publishNotReadyAddresses: the slices' controller says ready. */
  published: { ready: true, serving: true, terminating: true },
  unknown: {},
} as const;
type Endpoint = `${"here" | "there" | "dead" | "reported"}:${keyof typeof states}`;

/** Row by row what Kubernetes documents: EndpointConditions, "Traffic to terminating endpoints", KEP-1669, KEP-2086. */
const truth: readonly {
  readonly endpoints: readonly Endpoint[];
  readonly cluster: readonly number[];
  readonly local: readonly number[];
}[] = [
  { endpoints: [], cluster: [], local: [] },
  { endpoints: ["here:ready"], cluster: [0], local: [0] },
  { endpoints: ["there:ready"], cluster: [0], local: [] },
  { endpoints: ["here:ready", "there:ready"], cluster: [0, 1], local: [0] },
  { endpoints: ["here:unknown", "there:unknown"], cluster: [0, 1], local: [0] },
  { endpoints: ["here:unready"], cluster: [], local: [] },
  { endpoints: ["there:unready"], cluster: [], local: [] },
  { endpoints: ["here:unready", "there:ready"], cluster: [1], local: [] },
  { endpoints: ["here:ready", "there:unready"], cluster: [0], local: [0] },
  { endpoints: ["here:ready", "here:ending"], cluster: [0], local: [0] },
  { endpoints: ["there:ready", "there:ending"], cluster: [0], local: [] },
  { endpoints: ["here:ending", "there:ready"], cluster: [1], local: [0] },
  { endpoints: ["here:ending", "there:ending"], cluster: [0, 1], local: [0] },
  { endpoints: ["here:ending", "here:ended", "there:ready"], cluster: [2], local: [0] },
  { endpoints: ["here:ending", "here:unready"], cluster: [0], local: [0] },
  { endpoints: ["there:ending"], cluster: [0], local: [] },
  { endpoints: ["here:ended"], cluster: [], local: [] },
  { endpoints: ["here:ended", "there:ended"], cluster: [], local: [] },
  { endpoints: ["here:ended", "there:ending"], cluster: [1], local: [] },
  { endpoints: ["here:published"], cluster: [0], local: [0] },
  { endpoints: ["here:published", "there:ending"], cluster: [0], local: [0] },
  { endpoints: ["here:ready", "dead:ready"], cluster: [0], local: [0] },
  { endpoints: ["dead:ready"], cluster: [], local: [] },
  { endpoints: ["dead:ready", "there:ending"], cluster: [1], local: [] },
  // What nodes report of each other only ever prefers: the last endpoint is never taken away by a report.
  { endpoints: ["here:ready", "reported:ready"], cluster: [0], local: [0] },
  { endpoints: ["there:ready", "reported:ready"], cluster: [0], local: [] },
  { endpoints: ["reported:ready"], cluster: [0], local: [] },
  { endpoints: ["reported:ready", "dead:ready", "here:unready"], cluster: [0], local: [] },
  { endpoints: ["reported:ready", "there:ending"], cluster: [1], local: [] },
];

const address = (index: number) => `10.233.64.${index + 1}`;
const nodes = { here: "one", there: "two", dead: "three", reported: "four" };
const context = {
  nodeName: "one",
  nodeAddresses: ["10.10.2.1"],
  deadNodes: new Set(["three"]),
  reportedDead: new Set(["four"]),
};
const nobodyDead = { nodeName: "one", deadNodes: new Set<string>(), reportedDead: new Set<string>() };

function slicesOf(endpoints: readonly Endpoint[]): EndpointSlice[] {
  const slice = EndpointSlice.schema.parse({
    metadata: { name: "s-1" },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map((endpoint, index) => {
      const [where, state] = endpoint.split(":") as [keyof typeof nodes, keyof typeof states];
      return { addresses: [address(index)], nodeName: nodes[where], conditions: states[state] };
    }),
  });
  return [slice];
}

function serviceOf(spec: object = {}): Service {
  return Service.schema.parse({
    metadata: { name: "s", namespace: "default" },
    spec: { clusterIP: "10.233.0.1", clusterIPs: ["10.233.0.1"], ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress: [{ ip: "172.19.100.1" }] } },
  });
}

const port = { family: 4, name: "", protocol: "TCP" } as const;
const text = (indexes: readonly number[]) => indexes.map((index) => `${address(index)} . 8080`);
const list = (endpoints: readonly string[]) => (endpoints.length === 0 ? "no endpoint" : endpoints.join(", "));

describe("which endpoints take traffic", () => {
  for (const { endpoints, cluster, local } of truth) {
    it(`of ${list(endpoints)}: ${list(text(cluster))} for Cluster, ${list(text(local))} for Local`, () => {
      const found = backendsOf(serviceOf(), slicesOf(endpoints), port, context);
      assert.deepEqual([found.cluster, found.local], [text(cluster), text(local)]);
    });

    // Every traffic policy, from where a packet may come: refused where nothing is anywhere, dropped where Local has
    // nothing here, and from inside the cluster to an address from outside never Local.
    for (const internal of ["Cluster", "Local"] as const) {
      for (const external of ["Cluster", "Local"] as const) {
        it(`of ${list(endpoints)}: targets with ${internal} inside and ${external} outside`, () => {
          const service = serviceOf({
            type: "LoadBalancer",
            internalTrafficPolicy: internal,
            externalTrafficPolicy: external,
          });
          const frontends = frontendsOf(service, slicesOf(endpoints), context);
          const at = (key: string) => frontends.find((frontend) => frontend.key === key);
          const wanted = (policy: "Cluster" | "Local") => {
            if (cluster.length === 0) return "reject";
            const chosen = policy === "Cluster" ? cluster : local;
            return chosen.length === 0 ? "drop" : text(chosen).join();
          };
          assert.equal(said(at("10.233.0.1 . 6 . 80")?.target), wanted(internal));
          const balanced = at("172.19.100.1 . 6 . 80");
          assert.equal(said(balanced?.target), wanted(external), "from outside");
          assert.equal(said(balanced?.inside?.target ?? balanced?.target), wanted("Cluster"), "from inside");
        });
      }
    }
  }

  it("publishNotReadyAddresses makes all of them ready, whatever the slices say", () => {
    const service = serviceOf({ publishNotReadyAddresses: true });
    const found = backendsOf(service, slicesOf(["here:unready", "there:ended"]), port, nobodyDead);
    assert.deepEqual([found.cluster, found.local], [text([0, 1]), text([0])]);
  });

  it("an endpoint in two slices counts once, by the better word", () => {
    const slices = [...slicesOf(["here:unready"]), ...slicesOf(["here:ready"]), ...slicesOf(["here:unready"])];
    assert.deepEqual(backendsOf(serviceOf(), slices, port, nobodyDead).cluster, text([0]));
  });

  it("this node is not dead to itself", () => {
    const seen = { nodeName: "one", deadNodes: new Set(["one"]), reportedDead: new Set(["one"]) };
    assert.deepEqual(backendsOf(serviceOf(), slicesOf(["here:ready"]), port, seen).local, text([0]));
  });

  it("only slices of the port's name, protocol and family are read, and addresses that are none are passed over", () => {
    const other = (change: object) => [{ ...slicesOf(["here:ready"])[0], ...change } as EndpointSlice];
    const ports = (change: object) => ({ ports: [{ name: "", port: 8080, protocol: "TCP", ...change }] });
    const endpoints = [
      { addresses: ["not; an } address"], conditions: {} },
      { addresses: [], conditions: {} },
    ];
    for (const change of [
      ports({ name: "other" }),
      ports({ protocol: "UDP" }),
      ports({ port: undefined }),
      { addressType: "IPv6" },
      { addressType: "FQDN" },
      { endpoints },
    ]) {
      assert.deepEqual(backendsOf(serviceOf(), other(change), port, nobodyDead).cluster, []);
    }
  });
});

function said(target: Target | undefined): string | undefined {
  return target?.kind === "backends" ? target.backends.join() : target?.kind;
}
