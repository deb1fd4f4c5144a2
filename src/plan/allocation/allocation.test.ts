import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, ipv4, parseAddress, type Address } from "../../net/index.ts";
import type { IPAddressPool, Service } from "../../kubernetes/resources/index.ts";
import { describe } from "../reason-text.ts";
import { configurationOf, pool, service } from "../testing.ts";
import { AllocationPlanner } from "./allocation-planner.ts";
import type { Holding } from "./holdings.ts";

function plannerWith(pools: IPAddressPool[], services: Service[], held: Holding[] = []): AllocationPlanner {
  const planner = new AllocationPlanner();
  planner.setConfiguration(configurationOf({ pools }));
  for (const each of services) planner.setService(each);
  planner.setHeld(held);
  planner.settle();
  return planner;
}

function addressesOf(planner: AllocationPlanner, name: string): string[] {
  return planner.decision(`default/${name}`)?.addresses.map(formatAddress) ?? [];
}

function reasonsOf(planner: AllocationPlanner, name: string): string[] {
  return planner.decision(`default/${name}`)?.reasons.map(describe) ?? [];
}

function holding(name: string, address: string): Holding {
  const parsed: Address = parseAddress(address) ?? ipv4(0);
  return { address: parsed, uid: `uid-${name}`, service: `default/${name}`, why: "autoAssign" };
}

test("the scenario's Service gets .1, for .0 is avoided, and both are told", () => {
  const planner = plannerWith([pool("default", "172.19.100.0/24", { avoidBuggyIPs: true })], [service("ng-svc")]);
  assert.deepEqual(addressesOf(planner, "ng-svc"), ["172.19.100.1"]);
  assert.deepEqual(reasonsOf(planner, "ng-svc"), [
    "172.19.100.1 is the first free address of pool default, which serves any Service",
    "pool default leaves out addresses that end in .0 and .255",
  ]);
});

test("requests are served by creation time, then UID", () => {
  const planner = plannerWith(
    [pool("p", "192.0.2.1-192.0.2.3")],
    [
      service("late", { created: "2026-01-02T00:00:00Z" }),
      service("b", { uid: "b", created: "2026-01-01T00:00:00Z" }),
      service("a", { uid: "a", created: "2026-01-01T00:00:00Z" }),
    ],
  );
  assert.deepEqual(
    [addressesOf(planner, "a"), addressesOf(planner, "b"), addressesOf(planner, "late")],
    [["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"]],
  );
});

test("what is asked for comes first, then the annotated pool, then pools kept for the Service, then any", () => {
  const pools = [
    pool("any", "192.0.2.0/26"),
    pool("kept", "192.0.2.64/26", { serviceAllocation: { serviceSelectors: [{ matchLabels: { tier: "front" } }] } }),
    pool("manual", "192.0.2.128/26", { autoAssign: false }),
  ];
  const labels = { tier: "front" };
  const planner = plannerWith(pools, [
    service("named", { spec: { loadBalancerIP: "192.0.2.130" }, labels }),
    service("annotated", { annotations: { "metallb.universe.tf/address-pool": "manual" }, labels }),
    service("front", { labels }),
    service("other"),
  ]);
  assert.deepEqual(
    ["named", "annotated", "front", "other"].map((name) => addressesOf(planner, name)[0]),
    ["192.0.2.130", "192.0.2.128", "192.0.2.64", "192.0.2.0"],
  );
});

test("a Service keeps its address when others come, and when its pool is no longer for all", () => {
  const planner = plannerWith([pool("p", "192.0.2.0/24")], [service("a")], [holding("a", "192.0.2.77")]);
  assert.deepEqual(addressesOf(planner, "a"), ["192.0.2.77"]);
  planner.setConfiguration(configurationOf({ pools: [pool("p", "192.0.2.0/24", { autoAssign: false })] }));
  planner.settle();
  assert.deepEqual(addressesOf(planner, "a"), ["192.0.2.77"]);
});

test("a status that is there wins over an empty memory: so clusters are adopted", () => {
  const planner = plannerWith(
    [pool("p", "192.0.2.0/24")],
    [service("older", { created: "2025-01-01T00:00:00Z" }), service("adopted", { addresses: ["192.0.2.0"] })],
  );
  assert.deepEqual(addressesOf(planner, "adopted"), ["192.0.2.0"]);
  assert.deepEqual(addressesOf(planner, "older"), ["192.0.2.1"]);
});

test("with no pool at all, or no valid configuration, everybody keeps what they have", () => {
  const planner = plannerWith([pool("p", "192.0.2.0/24")], [service("a")]);
  for (const configuration of [undefined, configurationOf({})]) {
    planner.setConfiguration(configuration);
    assert.deepEqual(planner.settle().releases, []);
    assert.deepEqual(addressesOf(planner, "a"), ["192.0.2.0"]);
  }
});

test("an address that fell out of all pools is replaced, and the old one released", () => {
  const planner = plannerWith([pool("p", "192.0.2.0/24")], [service("a")]);
  planner.setConfiguration(configurationOf({ pools: [pool("q", "198.51.100.0/24")] }));
  const { releases } = planner.settle();
  assert.deepEqual(addressesOf(planner, "a"), ["198.51.100.0"]);
  assert.deepEqual(
    releases.map((each) => formatAddress(each.address)),
    ["192.0.2.0"],
  );
  planner.setService(service("a", { labels: { touched: "yes" } }));
  planner.settle();
  assert.deepEqual(addressesOf(planner, "a"), ["198.51.100.0"], "it does not wander on while the release is under way");
});

test("a freed address wakes the first who waits for it", () => {
  const planner = plannerWith(
    [pool("p", "192.0.2.1-192.0.2.1")],
    [
      service("a", { uid: "a" }),
      service("b", { uid: "b", created: "2026-01-02T00:00:00Z" }),
      service("c", { uid: "c", created: "2026-01-03T00:00:00Z" }),
    ],
  );
  assert.deepEqual(reasonsOf(planner, "b"), ["pool p has no free IPv4 address", "it waits until an address is free"]);
  planner.deleteService("default/a");
  const { releases } = planner.settle();
  assert.deepEqual(addressesOf(planner, "b"), [], "not before the release is written");
  planner.changeHeld([], releases);
  planner.settle();
  assert.deepEqual([addressesOf(planner, "b"), addressesOf(planner, "c")], [["192.0.2.1"], []]);
});

test("a freed address that the first in turn cannot use goes to the next who can", () => {
  const both: Partial<Service["spec"]> = { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" };
  const planner = plannerWith(
    [pool("p", ["192.0.2.1-192.0.2.1", "2001:db8::1/128"])],
    [
      service("a", { uid: "a" }),
      service("six", { uid: "six", spec: { ipFamilies: ["IPv6"] } }),
      service("b", { uid: "b", created: "2026-01-02T00:00:00Z", spec: both }),
      service("c", { uid: "c", created: "2026-01-03T00:00:00Z" }),
    ],
  );
  planner.deleteService("default/a");
  planner.changeHeld([], planner.settle().releases);
  planner.settle();
  assert.deepEqual([addressesOf(planner, "b"), addressesOf(planner, "c")], [[], ["192.0.2.1"]]);
});

test("an address is shared only with the same key, other ports and, with Local, the same pods", () => {
  const share = (name: string, port: number, key = "k", spec: Partial<Service["spec"]> = {}) =>
    service(name, {
      created: `2026-01-01T00:00:0${name}Z`,
      annotations: { "metallb.io/allow-shared-ip": key },
      spec: { ports: [{ port, protocol: "TCP" }], ...spec },
    });
  const local = { externalTrafficPolicy: "Local", selector: { app: "a" } } as const;
  const planner = plannerWith(
    [pool("p", "192.0.2.1-192.0.2.9")],
    [
      share("1", 80),
      share("2", 443),
      share("3", 80),
      share("4", 8080, "other"),
      share("5", 8443, "k", local),
      share("6", 8444, "k", local),
    ],
  );
  assert.deepEqual(
    ["1", "2", "3", "4", "5", "6"].map((name) => addressesOf(planner, name)[0]),
    ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.4"],
  );
});

test("RequireDualStack takes both families from one pool; PreferDualStack takes one, and the other later", () => {
  const both = { ipFamilies: ["IPv4" as const, "IPv6" as const] };
  const pools = [pool("four", "192.0.2.0/30"), pool("six", ["2001:db8::1-2001:db8::1", "198.51.100.1-198.51.100.1"])];
  const planner = plannerWith(pools, [
    service("require", { uid: "1", spec: { ...both, ipFamilyPolicy: "RequireDualStack" } }),
    service("prefer", { uid: "2", spec: { ...both, ipFamilyPolicy: "PreferDualStack" } }),
  ]);
  assert.deepEqual(addressesOf(planner, "require"), ["198.51.100.1", "2001:db8::1"]);
  assert.deepEqual(addressesOf(planner, "prefer"), ["192.0.2.0"]);
  planner.setConfiguration(
    configurationOf({
      pools: [pool("four", ["192.0.2.0/30", "2001:db8:1::/120"]), pools[1] ?? pool("x", "10.0.0.0/8")],
    }),
  );
  planner.settle();
  assert.deepEqual(addressesOf(planner, "prefer"), ["192.0.2.0", "2001:db8:1::"]);
});

test("an impossible request names its field, its value and what would be right", () => {
  const planner = plannerWith(
    [pool("p", "192.0.2.0/24")],
    [
      service("text", { spec: { loadBalancerIP: "nonsense" } }),
      service("outside", { spec: { loadBalancerIP: "198.51.100.1" } }),
      service("twice", { uid: "z", spec: { loadBalancerIP: "192.0.2.9" } }),
      service("first", { uid: "a", spec: { loadBalancerIP: "192.0.2.9" } }),
    ],
  );
  assert.deepEqual(reasonsOf(planner, "text"), [
    "spec.loadBalancerIP: nonsense: must be IP addresses, separated by commas",
  ]);
  assert.deepEqual(reasonsOf(planner, "outside"), ["198.51.100.1 is in no pool", "it waits until an address is free"]);
  assert.match(reasonsOf(planner, "twice")[0] ?? "", /192\.0\.2\.9 belongs to default\/first/);
});
