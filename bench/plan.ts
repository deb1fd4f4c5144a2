import { formatAddress, ipv4 } from "../src/net/index.ts";
import type { EndpointSlice, Service } from "../src/kubernetes/resources/index.ts";
import {
  AllocationPlanner,
  AnnouncementPlanner,
  NodeSlice,
  plan as planFromScratch,
  planFor,
  type Holding,
  type Snapshot,
} from "../src/plan/index.ts";
import { advertisement, configurationOf, endpoints, node, peer, pool, service } from "../src/plan/testing.ts";
import { Measurements } from "./measurements.ts";
import { quantile } from "./figures.ts";
import type { Benchmark } from "./report.ts";

const serviceCount = 10_000;
const nodeCount = 100;
const waitingCount = 1_000;
const runs = 7;

export const plan: Benchmark = {
  name: "plan",
  about: `the decision for ${serviceCount} Services and ${nodeCount} nodes, from scratch and for one change`,
  async *run(signal) {
    const cluster = clusterOf(serviceCount, nodeCount);
    const scratch = new Measurements();
    const change = new Measurements();
    // The first run compiles, and is not counted.
    for (let run = -1; run < runs; run++) {
      const counted = run >= 0;
      fromScratch(cluster, counted ? scratch : new Measurements());
      oneChange(cluster, counted ? change : new Measurements());
      // Lets the signal's event in.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    yield scratch.table(`From scratch: ${serviceCount} Services, 3 endpoints each, ${nodeCount} nodes, 2 peers`);
    yield change.table(`One change among ${serviceCount} Services; each run is a sample of ${waitingCount} changes`);
  },
};

export interface Cluster extends Snapshot {
  readonly services: readonly Service[];
  readonly slices: ReadonlyMap<string, EndpointSlice>;
  readonly held: readonly Holding[];
}

const firstAddress = 0xac_10_00_00; // 172.16.0.0

/** Every Service has its address, written down and in its status; every fourth is of policy Local. */
export function clusterOf(services: number, nodes: number): Cluster {
  const nodeName = (index: number) => `node-${index % nodes}`;
  const all = Array.from({ length: services }, (_, index) => {
    const name = `s${index}`;
    const object = service(name, {
      created: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
      spec: { externalTrafficPolicy: index % 4 === 0 ? "Local" : "Cluster" },
      addresses: [addressText(index)],
    });
    const slice = endpoints(
      name,
      [0, 37, 61].map((step) => ({ node: nodeName(index + step) })),
    );
    return { object, slice };
  });
  return {
    configuration: configurationOf({
      pools: [pool("default", "172.16.0.0/16")],
      peers: [peer("switch-1"), peer("switch-2", { peerAddress: "10.10.2.211" })],
      advertisements: [advertisement("default", { ipAddressPools: ["default"] })],
    }),
    namespaces: [],
    nodes: Array.from({ length: nodes }, (_, index) => node(nodeName(index))),
    services: all.map(({ object }) => object),
    endpointSlices: all.map(({ slice }) => slice),
    slices: new Map(all.map(({ object, slice }) => [keyOf(object), slice])),
    held: all.map(({ object }, index) => holdingOf(object, index)),
  };
}

function fromScratch(cluster: Cluster, into: Measurements): void {
  const measure = <Value>(name: string, work: () => Value): Value => {
    globalThis.gc?.();
    const start = performance.now();
    const value = work();
    into.add(name, "ms", performance.now() - start);
    return value;
  };
  measure(`all: plan(), and planFor() of ${nodeCount} nodes`, () => {
    const whole = planFromScratch(cluster);
    for (const { metadata } of cluster.nodes) whole.planFor(metadata.name);
  });
  measure("of it allocation, all addresses held", () => allocationOf(cluster, cluster.held));
  const planner = measure("of it announcements", () => announcementsOf(cluster));
  measure(`of it planFor() of ${nodeCount} nodes`, () => {
    for (const { metadata } of cluster.nodes) {
      const view = planner.view(metadata.name);
      if (view !== undefined) planFor(view, planner.announcements());
    }
  });
  const strangers = { ...cluster, services: cluster.services.map((each) => withAddresses(each)) };
  measure("beside it allocation, all addresses to be found", () => allocationOf(strangers, []));
}

function oneChange(cluster: Cluster, into: Measurements): void {
  const sample = [...Array(waitingCount).keys()].map((index) => index * (serviceCount / waitingCount));
  const measure = (name: string, change: (index: number) => () => void) => {
    globalThis.gc?.();
    const times = sample.map((index) => {
      const work = change(index);
      const start = performance.now();
      work();
      return (performance.now() - start) * 1_000;
    });
    into.add(`${name}: median`, "µs", quantile(times, 0.5));
    into.add(`${name}: 99 of 100`, "µs", quantile(times, 0.99));
    into.add(`${name}: slowest`, "µs", quantile(times, 1));
  };
  const at = (index: number): Service => cluster.services[index] ?? service("none");

  const planner = allocationOf(cluster, cluster.held);
  measure("allocation, a Service's port changes", (index) => {
    const changed = withPort(at(index), 8_080);
    return () => {
      planner.setService(changed);
      planner.settle();
    };
  });
  measure("allocation, a Service comes", (index) => {
    const come = service(`new-${index}`, { created: "2026-02-01T00:00:00Z" });
    return () => {
      planner.setService(come);
      planner.settle();
    };
  });
  measure("allocation, a Service goes and its address is released", (index) => () => {
    planner.deleteService(`default/new-${index}`);
    planner.changeHeld([], planner.settle().releases);
    planner.settle();
  });

  const full = fullAllocationOf(cluster);
  measure(`allocation, a Service goes while up to ${waitingCount} wait for an address`, (index) => () => {
    full.deleteService(keyOf(at(index)));
    full.changeHeld([], full.settle().releases);
    full.settle();
  });

  const announcements = announcementsOf(cluster);
  const view = announcements.view("node-0");
  if (view === undefined) return;
  const slice = new NodeSlice(view, announcements.announcements());
  const take = (key: string) => slice.set(key, announcements.announcement(key));
  measure("announcement and a node's routes, a Service's address changes", (index) => {
    const changed = withAddresses(at(index), addressText(serviceCount + index));
    return () => {
      announcements.setService(changed);
      take(keyOf(changed));
    };
  });
  measure("announcement and a node's routes, a Service's endpoints move", (index) => {
    const moved = endpoints(at(index).metadata.name, [{ node: "node-0" }, { node: "node-1" }]);
    return () => {
      announcements.setEndpoints(keyOf(at(index)), [moved]);
      take(keyOf(at(index)));
    };
  });
}

function allocationOf(cluster: Cluster, held: Iterable<Holding>): AllocationPlanner {
  const planner = new AllocationPlanner();
  for (const each of cluster.services) planner.setService(each);
  planner.setHeld(held);
  planner.setConfiguration(cluster.configuration);
  planner.settle();
  return planner;
}

/** A pool of just as many addresses as the cluster's Services have, and more Services that wait for one. */
function fullAllocationOf(cluster: Cluster): AllocationPlanner {
  const last = addressText(serviceCount - 1);
  const configuration = configurationOf({ pools: [pool("default", `${addressText(0)}-${last}`)] });
  const planner = allocationOf({ ...cluster, configuration }, cluster.held);
  for (let index = 0; index < waitingCount; index++) {
    planner.setService(service(`waiting-${index}`, { created: "2026-02-01T00:00:00Z" }));
  }
  planner.settle();
  return planner;
}

function announcementsOf(cluster: Cluster): AnnouncementPlanner {
  const planner = new AnnouncementPlanner();
  for (const [key, slice] of cluster.slices) planner.setEndpoints(key, [slice]);
  for (const each of cluster.nodes) planner.setNode(each);
  for (const each of cluster.services) planner.setService(each);
  planner.setConfiguration(cluster.configuration);
  return planner;
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function addressText(index: number): string {
  return formatAddress(ipv4(firstAddress + index));
}

function holdingOf(object: Service, index: number): Holding {
  return {
    address: ipv4(firstAddress + index),
    uid: object.metadata.uid ?? "",
    service: keyOf(object),
    why: "autoAssign",
  };
}

function withAddresses(object: Service, ...addresses: readonly string[]): Service {
  return { ...object, status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } } };
}

function withPort(object: Service, port: number): Service {
  return { ...object, spec: { ...object.spec, ports: [{ port, protocol: "TCP" }] } };
}
