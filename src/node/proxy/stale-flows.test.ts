import assert from "node:assert/strict";
import { it } from "node:test";
import { EndpointSlice, Service } from "../../kubernetes/resources/index.ts";
import { frontendsOf } from "./frontends.ts";
import { staleAmong } from "./stale-flows.ts";

const service = Service.schema.parse({
  metadata: { name: "dns", namespace: "default" },
  spec: { clusterIPs: ["10.233.0.3", "fd00::3"], ports: [{ port: 53, protocol: "UDP" }] },
});
const slice = EndpointSlice.schema.parse({
  metadata: { name: "dns" },
  addressType: "IPv4",
  ports: [{ port: 5353, protocol: "UDP" }],
  endpoints: [
    { addresses: ["10.233.64.2"] },
    { addresses: ["10.233.64.3"], conditions: { ready: false, serving: true, terminating: true } },
    { addresses: ["10.233.64.4"], conditions: { ready: false, serving: false, terminating: true } },
  ],
});
const context = { nodeName: "one", nodeAddresses: [], deadNodes: new Set<string>(), reportedDead: new Set<string>() };
const frontends = new Map(frontendsOf(service, [slice], context).map((each) => [each.key, each]));

const flow = (destination: string, answerer: string, answererPort = 5353) => {
  const family = destination.includes(":") ? (6 as const) : (4 as const);
  return { protocol: "UDP" as const, family, destination, destinationPort: 53, answerer, answererPort };
};

it("flows are stale that nobody answers who serves, of our frontends alone, and each pair comes once", () => {
  const gone = flow("10.233.0.3", "10.233.64.4");
  const early = flow("10.233.0.3", "10.233.0.3", 53);
  const early6 = flow("fd00:0000:0000:0000:0000:0000:0000:0003", "fd00:0000:0000:0000:0000:0000:0000:0003", 53);
  const flows = [
    flow("10.233.0.3", "10.233.64.2"),
    flow("10.233.0.3", "10.233.64.3"),
    gone,
    gone,
    early,
    early6,
    flow("192.0.2.1", "192.0.2.1", 53),
  ];
  assert.deepEqual(staleAmong(flows, frontends), [gone, early, early6]);
});
