// Two nodes and a switch that weighs their paths: by the endpoints that each has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { BGPAdvertisement, BGPPeer, EndpointSlice, Node, Service } from "../../src/kubernetes/resources/index.ts";
import { until } from "../interop/frr.ts";
import { namespace, node, nodeAddress, Stage, switchAddress } from "./stage.ts";

const other = "cy01-net113";
const otherAddress = "10.10.2.113";
const address = "172.19.100.1";

interface Hop {
  readonly ip: string;
  readonly weight?: number;
}

/** What the switch's routing table has for the Service: each next hop with its weight. */
async function weights(stage: Stage): Promise<Record<string, number | undefined>> {
  const shown = (await stage.frr.show(`ip route ${address}/32`)) as Record<string, { nexthops?: Hop[] }[]>;
  const hops = Object.values(shown)[0]?.[0]?.nexthops ?? [];
  return Object.fromEntries(hops.map(({ ip, weight }) => [ip, weight]));
}

function slice(here: number, there: number) {
  const on = (nodeName: string, count: number, first: number) =>
    Array.from({ length: count }, (_, index) => ({
      addresses: [`10.233.64.${first + index}`],
      nodeName,
      conditions: { ready: true },
    }));
  return [...on(node, here, 10), ...on(other, there, 100)];
}

test("paths to a Local Service weigh as many endpoints as their nodes have, also after their number has changed", async () => {
  await using stage = await Stage.start();
  execFileSync("ip", ["address", "add", `${otherAddress}/24`, "dev", stage.neighbour.cable]);
  const neighbors = [`neighbor ${otherAddress} remote-as 65211`, `neighbor ${otherAddress} timers connect 1`];
  await stage.frr.vtysh("configure terminal", "router bgp 65210", ...neighbors);
  await stage.addNode();
  await stage.addNamespace();
  await stage.client.create(Node, { metadata: { name: other } });
  const status = { addresses: [{ type: "InternalIP", address: otherAddress }] };
  await stage.client.patch(Node, { name: other }, { type: "merge", body: { status } }, { subresource: "status" });
  for (const [name, nodeAddressOf] of [
    [node, nodeAddress],
    [other, otherAddress],
  ] as const) {
    await stage.client.patch(
      Node,
      { name },
      { type: "merge", body: { metadata: { labels: { "kubernetes.io/hostname": name } } } },
    );
    // One switch, and a peer for each node: each has its own source address here.
    await stage.client.create(BGPPeer, {
      metadata: { namespace, name: `switch-${name}` },
      spec: {
        myASN: 65211,
        peerASN: 65210,
        peerAddress: switchAddress,
        connectTime: "1s",
        sourceAddress: nodeAddressOf,
        nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": name } }],
      },
    });
  }
  await stage.addPool("default", "172.19.100.0/24");
  const annotations = { "fairlead.dev/weight": "local-endpoints" };
  await stage.client.create(BGPAdvertisement, { metadata: { namespace, name: "default", annotations }, spec: {} });
  const metadata = { namespace: "default", name: "web", labels: { "kubernetes.io/service-name": "web" } };
  await stage.client.create(Service, {
    metadata: { namespace: "default", name: "web" },
    spec: { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: [{ port: 80 }] },
  });
  const ports = [{ port: 80 }];
  await stage.client.create(EndpointSlice, { metadata, addressType: "IPv4", ports, endpoints: slice(1, 3) });
  stage.controller();
  stage.node();
  stage.fairlead("node", "--port", "0", "--node-name", other);

  let seen: Record<string, number | undefined> = {};
  /** The switch's weights are percentages of its own rounding. */
  const proportionIs = (proportion: number) =>
    until(`the other node's path weighs ${proportion} times as much`, async () => {
      seen = await weights(stage);
      const [here = 0, there = 0] = [seen[nodeAddress], seen[otherAddress]];
      return here > 0 && Math.abs(there / here - proportion) < 0.1;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; there is ${JSON.stringify(seen)}`);
    });
  await proportionIs(3);
  await stage.client.patch(
    EndpointSlice,
    { namespace: "default", name: "web" },
    { type: "merge", body: { endpoints: slice(2, 2) } },
  );
  await proportionIs(1);
  assert.deepEqual(await stage.warnings(), []);
});
