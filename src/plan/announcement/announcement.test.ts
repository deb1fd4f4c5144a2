import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { describe } from "../reason-text.ts";
import { plan, type Plan } from "../plan.ts";
import { advertisement, configurationOf, endpoints, node, peer, pool, service } from "../testing.ts";
import { AnnouncementPlanner } from "./announcement-planner.ts";
import { NodeSlice, planFor, type NodePlan } from "./node-slice.ts";

const configuration = configurationOf({
  pools: [pool("default", "172.19.100.0/24")],
  peers: [
    peer("tor-a"),
    peer("tor-b", { peerAddress: "10.10.2.211", nodeSelectors: [{ matchLabels: { rack: "b" } }] }),
  ],
  advertisements: [advertisement("default", { communities: ["65000:1"], localPref: 200 })],
});

function planOf(...parts: Parameters<typeof service>[1][]): Plan {
  const services = parts.map((each, index) => service(`s${index}`, { addresses: ["172.19.100.1"], ...each }));
  return plan({
    configuration,
    namespaces: [],
    nodes: [
      node("n1"),
      node("n2", { rack: "b" }),
      node("n3", { "node.kubernetes.io/exclude-from-external-load-balancers": "" }),
    ],
    services,
    endpointSlices: services.map((each) =>
      endpoints(each.metadata.name, [{ node: "n1" }, { node: "n2", ready: false, serving: true }]),
    ),
    held: [],
  });
}

function routesOf(nodePlan: NodePlan | undefined): Record<string, string[]> {
  return Object.fromEntries(
    [...(nodePlan?.sessions ?? [])].map(([name, session]) => [name, [...session.routes.keys()]]),
  );
}

test("every node announces a Cluster Service to each of its peers, but for those that are excluded", () => {
  const decided = planOf({});
  assert.deepEqual(routesOf(decided.planFor("n1")), { "tor-a": ["172.19.100.1/32"] });
  assert.deepEqual(routesOf(decided.planFor("n2")), { "tor-a": ["172.19.100.1/32"], "tor-b": ["172.19.100.1/32"] });
  assert.deepEqual(routesOf(decided.planFor("n3")), { "tor-a": [] });
});

test("with Local only the nodes with a ready endpoint announce, and the others say why not", () => {
  const decided = planOf({ spec: { externalTrafficPolicy: "Local" } });
  assert.deepEqual(routesOf(decided.planFor("n1")), { "tor-a": ["172.19.100.1/32"] });
  assert.deepEqual(routesOf(decided.planFor("n2")), { "tor-a": [], "tor-b": [] });
  assert.deepEqual(decided.explain("default/s0", "n2").map(describe), [
    "externalTrafficPolicy is Local and no endpoint on this node is ready",
  ]);
});

test("each node says what it announces to whom, and why it does not", () => {
  const decided = planOf({});
  assert.deepEqual(decided.explain("default/s0", "n1").map(describe), [
    "172.19.100.1/32 to tor-a, by advertisement default",
    "peer tor-b is for other nodes",
  ]);
  assert.deepEqual(decided.explain("default/s0", "n3").map(describe), [
    "the node is labelled node.kubernetes.io/exclude-from-external-load-balancers",
  ]);
});

test("a Service without address or endpoints, or with an address of nobody's pool, is not announced", () => {
  const decided = planOf({ addresses: [] }, { addresses: ["192.0.2.1"] });
  assert.deepEqual(decided.explain("default/s0", "n1").map(describe), ["it has no address yet"]);
  assert.deepEqual(decided.explain("default/s1", "n1").map(describe), ["192.0.2.1 is in no pool"]);
  assert.deepEqual(routesOf(decided.planFor("n1")), { "tor-a": [] });
});

test("two Services on one address are one route, which goes when the last of them goes", () => {
  const planner = new AnnouncementPlanner();
  planner.setConfiguration(configuration);
  planner.setNode(node("n1"));
  for (const name of ["a", "b"]) {
    planner.setEndpoints(`default/${name}`, [endpoints(name, [{ node: "n1" }])]);
    planner.setService(service(name, { addresses: ["172.19.100.7"] }));
  }
  const view = planner.view("n1");
  assert.ok(view);
  const slice = new NodeSlice(view, planner.announcements());
  assert.deepEqual(routesOf(slice.plan()), { "tor-a": ["172.19.100.7/32"] });
  assert.ok(slice.set("default/a", undefined)[0]?.route);
  assert.equal(slice.set("default/b", undefined)[0]?.route, undefined);
  assert.deepEqual(routesOf(slice.plan()), { "tor-a": [] });
});

function weighed(name: string, annotations: Record<string, string>) {
  const object = advertisement(name);
  return { ...object, metadata: { ...object.metadata, annotations } };
}

test("where it is asked for, routes of Local Services weigh as much as the node has endpoints, and follow their number", () => {
  const planner = new AnnouncementPlanner();
  planner.setConfiguration(
    configurationOf({
      pools: [pool("default", "172.19.100.0/24")],
      peers: [peer("tor")],
      advertisements: [
        weighed("default", {
          "fairlead.dev/weight": "local-endpoints",
          "fairlead.dev/med": "5",
          "fairlead.dev/as-path-prepend": "1",
        }),
      ],
    }),
  );
  planner.setNode(node("n1"));
  const view = planner.view("n1");
  assert.ok(view);
  const on = (...nodes: string[]) =>
    planner.setEndpoints("default/a", [
      endpoints(
        "a",
        nodes.map((each) => ({ node: each })),
      ),
    ]);
  on("n1", "n1", "n2");
  planner.setService(service("a", { addresses: ["172.19.100.7"], spec: { externalTrafficPolicy: "Local" } }));
  const slice = new NodeSlice(view, planner.announcements());
  const route = () => slice.plan().sessions.get("tor")?.routes.get("172.19.100.7/32");
  assert.deepEqual([route()?.weight, route()?.med, route()?.prepend], [2, 5, 1]);
  on("n1", "n1", "n1", "n2");
  assert.equal(slice.set("default/a", planner.announcement("default/a"))[0]?.route?.weight, 3);
  planner.setService(service("a", { addresses: ["172.19.100.7"] }));
  slice.set("default/a", planner.announcement("default/a"));
  assert.equal(route()?.weight, undefined, "with Cluster any node is as good as another");
});

test("a cordoned node goes on announcing, and asks routers to prefer others", () => {
  const planner = new AnnouncementPlanner();
  planner.setConfiguration(configuration);
  planner.setNode({ ...node("n1"), spec: { unschedulable: true } });
  planner.setEndpoints("default/a", [endpoints("a", [{ node: "n1" }])]);
  planner.setService(service("a", { addresses: ["172.19.100.7"] }));
  const view = planner.view("n1");
  assert.ok(view);
  const planned = planFor(view, planner.announcements());
  assert.ok(planned.isLeaving);
  assert.deepEqual(routesOf(planned), { "tor-a": ["172.19.100.7/32"] });
  assert.match(planner.explain("default/a", "n1").map(describe)[0] ?? "", /the node is cordoned/);
});

const anyAnnounced = fc.record({
  name: fc.integer({ min: 0, max: 5 }),
  addresses: fc.subarray(["172.19.100.1", "172.19.100.2", "192.0.2.9"]),
  local: fc.boolean(),
  on: fc.subarray(["n1", "n2"]),
  gone: fc.boolean(),
});

test("a node's slice kept up to date is the slice made from scratch", () => {
  fc.assert(
    fc.property(fc.array(anyAnnounced, { maxLength: 20 }), (changes) => {
      const planner = new AnnouncementPlanner();
      planner.setConfiguration(configuration);
      planner.setNode(node("n1", { rack: "b" }));
      const view = planner.view("n1");
      assert.ok(view);
      const slice = new NodeSlice(view, []);
      for (const { name, addresses, local, on, gone } of changes) {
        const key = `default/s${name}`;
        planner.setEndpoints(key, [
          endpoints(
            `s${name}`,
            on.map((each) => ({ node: each })),
          ),
        ]);
        if (gone) planner.deleteService(key);
        else
          planner.setService(service(`s${name}`, { addresses, spec: local ? { externalTrafficPolicy: "Local" } : {} }));
        slice.set(key, planner.announcement(key));
        const sorted = (each: NodePlan) =>
          [...each.sessions].map(([peerName, { routes }]) => [peerName, [...routes.keys()].sort()]);
        assert.deepEqual(sorted(slice.plan()), sorted(planFor(view, planner.announcements())));
      }
    }),
  );
});
