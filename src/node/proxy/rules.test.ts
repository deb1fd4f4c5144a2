import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { EndpointSlice, Service } from "../../kubernetes/resources/index.ts";
import { Claims } from "./claims.ts";
import { frontendsOf } from "./frontends.ts";
import { Rules } from "./rules.ts";

const options = { podNetworks: [], bridgesTracked: true };
const context = {
  nodeName: "one",
  nodeAddresses: ["10.10.2.1"],
  deadNodes: new Set<string>(),
  reportedDead: new Set<string>(),
};

/** A service that may claim what another claims, with backends on both nodes. */
const service = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  present: fc.boolean(),
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
  externalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
  sessionAffinity: fc.constantFrom("None", "ClientIP"),
  externalIPs: fc.subarray(["192.0.2.1", "192.0.2.2"]),
  loadBalancerSourceRanges: fc.subarray(["10.0.0.0/8", "fd00::/8"]),
  backends: fc.subarray([2, 3, 4, 5]),
});
type Drawn = typeof service extends fc.Arbitrary<infer Value> ? Value : never;

function frontends({ id, present, backends, ...spec }: Drawn) {
  if (!present) return [];
  const slices = EndpointSlice.schema.array().parse([
    {
      metadata: { name: "slice" },
      addressType: "IPv4",
      ports: [{ name: "", port: 8080 }],
      endpoints: backends.map((each) => ({
        addresses: [`10.233.64.${each}`],
        nodeName: each % 2 === 0 ? "one" : "two",
      })),
    },
  ]);
  const object = Service.schema.parse({
    metadata: { name: `s${id}`, namespace: "default" },
    spec: { ...spec, clusterIPs: [`10.233.0.${id}`], ports: [{ port: 80, nodePort: 30_000 + id }] },
    status: { loadBalancer: { ingress: [{ ip: "172.19.100.1" }] } },
  });
  return frontendsOf(object, slices, context);
}

const inOrder = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** The commands of a whole table, in an order of their own; chains that nobody uses any more may have stayed. */
function content(rules: Rules): string[] {
  const commands = rules
    .everything(options)
    .split("\n")
    .filter((line) => line.startsWith("add element"));
  return commands
    .map((line) => line.replace(/\{ (.*) \}/, (_, all: string) => all.split(", ").toSorted(inOrder).join(", ")))
    .toSorted(inOrder);
}

it("changes one after the other come to the same table as all at once, whatever their order", () => {
  fc.assert(
    fc.property(fc.array(service, { maxLength: 12 }), (changes) => {
      const claims = new Claims();
      const rules = new Rules();
      for (const drawn of changes) rules.change(claims.set([[`default/s${drawn.id}`, frontends(drawn)]]));
      const last = new Map(changes.map((drawn) => [drawn.id, drawn]));
      const claimsAtOnce = new Claims();
      const rulesAtOnce = new Rules();
      const services = [...last.values()].reverse();
      rulesAtOnce.change(claimsAtOnce.set(services.map((drawn) => [`default/s${drawn.id}`, frontends(drawn)])));
      assert.deepEqual(content(rules), content(rulesAtOnce));
    }),
  );
});

it("a change touches the elements of its service, and only those that differ", () => {
  const drawn: Drawn = {
    id: 1,
    present: true,
    type: "ClusterIP",
    externalTrafficPolicy: "Cluster",
    sessionAffinity: "None",
    externalIPs: [],
    loadBalancerSourceRanges: [],
    backends: [2, 3, 4],
  };
  const claims = new Claims();
  const rules = new Rules();
  for (const id of [1, 2, 3]) rules.change(claims.set([[`default/s${id}`, frontends({ ...drawn, id })]]));
  assert.equal(rules.change(claims.set([["default/s2", frontends({ ...drawn, id: 2 })]])), "", "nothing changed");
  const transaction = rules.change(claims.set([["default/s2", frontends({ ...drawn, id: 2, backends: [2, 3] })]]));
  const table = "inet fairlead-proxy";
  assert.deepEqual(transaction.split("\n"), [
    `delete element ${table} endpoints4-tcp { 10.233.0.2 . 6 . 80 . 2 }`,
    `delete element ${table} services4 { 10.233.0.2 . 6 . 80 }`,
    `add chain ${table} pick4-tcp-2`,
    `add rule ${table} pick4-tcp-2 dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 2 map @endpoints4-tcp`,
    `add chain ${table} masquerade-outsiders-pick4-tcp-2`,
    `add rule ${table} masquerade-outsiders-pick4-tcp-2 ip saddr != @pods4 jump masquerade4`,
    `add rule ${table} masquerade-outsiders-pick4-tcp-2 goto pick4-tcp-2`,
    `add element ${table} services4 { 10.233.0.2 . 6 . 80 : goto masquerade-outsiders-pick4-tcp-2 }`,
  ]);
});
