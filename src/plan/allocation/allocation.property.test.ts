import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress } from "../../net/index.ts";
import { keyOf, type Service } from "../../kubernetes/resources/index.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { poolHolds } from "../configuration/pool.ts";
import { plan, type Plan } from "../plan.ts";
import { configurationOf, pool, service } from "../testing.ts";
import type { AllocationDecision } from "./allocation-decision.ts";
import { AllocationPlanner } from "./allocation-planner.ts";
import { requestOf } from "./address-request.ts";
import { sharingObstacle, type Holding } from "./holdings.ts";

const configurations: readonly Configuration[] = [
  configurationOf({ pools: [pool("scarce", ["192.0.2.1-192.0.2.1", "2001:db8::1/128"])] }),
  configurationOf({ pools: [pool("small", ["192.0.2.0-192.0.2.2", "2001:db8::-2001:db8::1"])] }),
  configurationOf({
    pools: [
      pool("small", "192.0.2.1-192.0.2.3"),
      pool("manual", "198.51.100.0/30", { autoAssign: false, avoidBuggyIPs: true }),
      pool("kept", ["203.0.113.0/31", "2001:db8:1::/127"], {
        serviceAllocation: { priority: 1, serviceSelectors: [{ matchLabels: { tier: "front" } }] },
      }),
    ],
  }),
];

const anyService = fc
  .record({
    name: fc.integer({ min: 0, max: 7 }),
    generation: fc.integer({ min: 0, max: 1 }),
    created: fc.integer({ min: 1, max: 3 }),
    sharing: fc.constantFrom(undefined, undefined, "k", "l"),
    port: fc.constantFrom(80, 443),
    pool: fc.constantFrom(undefined, undefined, undefined, "manual", "nowhere"),
    wanted: fc.constantFrom(undefined, undefined, undefined, "192.0.2.2", "203.0.113.1", "junk"),
    front: fc.boolean(),
    type: fc.constantFrom("LoadBalancer" as const, "LoadBalancer" as const, "ClusterIP" as const),
    families: fc.constantFrom<Partial<Service["spec"]>[]>(
      { ipFamilies: ["IPv4" as const] },
      { ipFamilies: ["IPv4" as const, "IPv6" as const], ipFamilyPolicy: "PreferDualStack" as const },
      { ipFamilies: ["IPv6" as const, "IPv4" as const], ipFamilyPolicy: "RequireDualStack" as const },
    ),
    local: fc.boolean(),
    status: fc.constantFrom(undefined, undefined, undefined, "192.0.2.1", "203.0.113.0"),
  })
  .map((parts): Service => {
    const name = `s${parts.name}`;
    return service(name, {
      uid: `${name}-${parts.generation}`,
      created: `2026-01-0${parts.created}T00:00:00Z`,
      annotations: {
        ...(parts.sharing ? { "metallb.io/allow-shared-ip": parts.sharing } : {}),
        ...(parts.pool ? { "metallb.io/address-pool": parts.pool } : {}),
      },
      labels: parts.front ? { tier: "front" } : {},
      spec: {
        type: parts.type,
        ports: [{ port: parts.port, protocol: "TCP" }],
        selector: { app: name },
        ...parts.families,
        ...(parts.wanted ? { loadBalancerIP: parts.wanted } : {}),
        ...(parts.local ? { externalTrafficPolicy: "Local" } : {}),
      },
      addresses: parts.status ? [parts.status] : [],
    });
  });

type Step =
  | { readonly do: "set"; readonly services: readonly Service[] }
  | { readonly do: "delete"; readonly name: number }
  | { readonly do: "release" }
  | { readonly do: "configure"; readonly index: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(anyService, { minLength: 1, maxLength: 4 })
      .map((services) => ({ do: "set" as const, services })),
  },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 7 }).map((name) => ({ do: "delete" as const, name })) },
  { weight: 2, arbitrary: fc.constant({ do: "release" as const }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2).map((index) => ({ do: "configure" as const, index })) },
);

/** A world with one planner in it, fed little by little. */
class World {
  readonly planner = new AllocationPlanner();
  readonly services = new Map<string, Service>();
  configuration = configurations[0];

  constructor() {
    this.planner.setConfiguration(this.configuration);
  }

  take(step: Step): void {
    if (step.do === "set") {
      for (const each of step.services) {
        this.services.set(keyOf(each), each);
        this.planner.setService(each);
      }
    } else if (step.do === "delete") {
      this.services.delete(`default/s${step.name}`);
      this.planner.deleteService(`default/s${step.name}`);
    } else if (step.do === "release") {
      this.planner.changeHeld([], this.superfluous());
    } else {
      this.configuration = configurations[step.index];
      this.planner.setConfiguration(this.configuration);
    }
    this.planner.settle();
  }

  /** All that is held by no Service that should have it. */
  superfluous(): Holding[] {
    return [...this.planner.held()].filter((each) => this.planner.isSuperfluous(each));
  }

  fromScratch(services: Iterable<Service>, held: Iterable<Holding>): Plan {
    return plan({ configuration: this.configuration, namespaces: [], nodes: [], services, endpointSlices: [], held });
  }
}

function essence(decisions: Iterable<AllocationDecision>): string[] {
  return [...decisions]
    .map((each) => `${each.service} ${each.addresses.map(formatAddress).join(",")} ${each.waiting}`)
    .sort();
}

function held(holdings: Iterable<Holding>): string[] {
  return [...holdings].map((each) => `${formatAddress(each.address)} ${each.uid}`).sort();
}

const steps = fc.array(anyStep, { maxLength: 12 });
const runs = { numRuns: 400 };

test("what is decided little by little is what is decided from scratch with the same memory", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      for (const step of list) {
        world.take(step);
        const scratch = world.fromScratch(world.services.values(), world.planner.held());
        assert.deepEqual(essence(world.planner.decisions()), essence(scratch.allocations.values()));
        assert.deepEqual(held(world.superfluous()), held(scratch.releases));
      }
    }),
    runs,
  );
});

test("one snapshot has one answer, in whatever order it is fed", () => {
  fc.assert(
    fc.property(fc.array(anyService, { maxLength: 10 }), fc.infiniteStream(fc.nat()), (services, random) => {
      const world = new World();
      const unique = [...new Map(services.map((each) => [keyOf(each), each])).values()];
      const shuffled = unique.map((each) => [random.next().value, each] as const).sort(([a], [b]) => a - b);
      const first = world.fromScratch(unique, []);
      const second = world.fromScratch(
        shuffled.map(([, each]) => each),
        [],
      );
      assert.deepEqual(essence(first.allocations.values()), essence(second.allocations.values()));
    }),
    runs,
  );
});

test("no address is given to two Services that may not share it, nor from outside the pools", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      for (const step of list) {
        world.take(step);
        const given = [...world.planner.decisions()].flatMap((each) =>
          each.addresses.map((address) => ({ address, each })),
        );
        for (const { address, each } of given) {
          assert.ok(
            [...(world.configuration?.pools.values() ?? [])].some((candidate) => poolHolds(candidate, address)),
          );
          for (const other of given) {
            if (other.each === each || other.address.value !== address.value) continue;
            const [a, b] = [each, other.each].map((one) => {
              const request = requestOf(world.services.get(one.service) ?? service("gone"), undefined);
              assert.ok(!("code" in request));
              return request;
            });
            assert.ok(
              a && b && sharingObstacle(a, b) === undefined,
              `${formatAddress(address)}: ${each.service} and ${other.each.service}`,
            );
          }
        }
      }
    }),
    runs,
  );
});

test("a Service that is not touched keeps its address whatever else comes and goes", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      const mine = service("mine", { created: "2026-01-01T00:00:00Z" });
      world.take({ do: "set", services: [mine] });
      const before = world.planner.decision("default/mine")?.addresses;
      for (const step of list.filter((each) => each.do !== "configure")) {
        world.take(step);
        assert.deepEqual(world.planner.decision("default/mine")?.addresses, before);
      }
    }),
    runs,
  );
});
