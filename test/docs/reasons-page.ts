import { ConfigMap, gatewaysAnnotation, type Node } from "../../src/kubernetes/resources/index.ts";
import {
  describe,
  readConfiguration,
  type AllocationReason,
  type AnnouncementReason,
  type ConfigurationReason,
  type EndpointReason,
  type Reason,
  type RolloutReason,
} from "../../src/plan/index.ts";
import { advertisement, node, parsed, peer, pool, source } from "../../src/plan/testing.ts";
import { code, table, type Page } from "./markdown.ts";

/** Examples of every reason with each of the codes: the compiler misses the one that is left out. */
type Examples<Some extends Reason> = {
  readonly [Code in Some["code"]]: readonly Extract<Some, { readonly code: Code }>[];
};
type Fault = ConfigurationReason["code"];

const [service, address, name] = ["default/web", "192.0.2.1", "default"];

const allocation: Examples<AllocationReason> = {
  "allocation.firstFree": (["autoAssign", "serviceAllocation", "annotation"] as const).map((why) => ({
    code: "allocation.firstFree",
    address,
    pool: name,
    why,
  })),
  "allocation.requested": [{ code: "allocation.requested", address, pool: name }],
  "allocation.shared": [{ code: "allocation.shared", address, pool: name, with: service }],
  "allocation.avoided.buggy": [{ code: "allocation.avoided.buggy", pool: name }],
  "allocation.kept": (["autoAssign", "serviceAllocation", "annotation", "requested", "shared", "adopted"] as const).map(
    (first) => ({ code: "allocation.kept", address, pool: name, first }),
  ),
  "allocation.kept.unconfigured": [{ code: "allocation.kept.unconfigured", address }],
  "allocation.adopted": [{ code: "allocation.adopted", address, pool: name }],
  "allocation.revoked": (
    ["outsidePools", "otherRequested", "otherPool", "poolNotForService", "family", "sharing"] as const
  ).map((why) => ({ code: "allocation.revoked", address, why })),
  "allocation.waiting": [{ code: "allocation.waiting" }],
  "allocation.none.type": [{ code: "allocation.none.type", type: "ClusterIP" }],
  "allocation.none.class": [{ code: "allocation.none.class", class: "example.com/other" }],
  "allocation.none.clusterIP": [{ code: "allocation.none.clusterIP" }],
  "allocation.invalid": [
    {
      code: "allocation.invalid",
      field: "spec.loadBalancerIP",
      value: "192.0.2",
      expected: "must be IP addresses, separated by commas",
    },
  ],
  "pool.full": [{ code: "pool.full", pool: name, family: 4 }],
  "pool.skipped.manual": [{ code: "pool.skipped.manual", pool: name }],
  "pool.skipped.service": [{ code: "pool.skipped.service", pool: name }],
  "pool.skipped.family": [{ code: "pool.skipped.family", pool: name, family: 6 }],
  "pool.unknown": [{ code: "pool.unknown", pool: name }],
  "address.outsidePools": [{ code: "address.outsidePools", address }],
  "address.taken": (["noKey", "otherKey", "portClash", "otherBackends", "unknownOwner", "reserved"] as const).map(
    (why) => ({
      code: "address.taken",
      address,
      by: service,
      why,
    }),
  ),
};

const announcement: Examples<AnnouncementReason> = {
  "node.announces": [{ code: "node.announces", advertisement: name, peer: "switch", prefix: "192.0.2.1/32" }],
  "service.noAddress": [{ code: "service.noAddress" }],
  "service.noEndpoints": [{ code: "service.noEndpoints" }],
  "address.outsidePools": [{ code: "address.outsidePools", address }],
  "address.notAdvertised": [{ code: "address.notAdvertised", address, pool: name }],
  "advertisement.excluded.service": [{ code: "advertisement.excluded.service", advertisement: name }],
  "node.leaving": [{ code: "node.leaving" }],
  "node.excluded.label": [
    { code: "node.excluded.label", label: "node.kubernetes.io/exclude-from-external-load-balancers" },
  ],
  "node.excluded.networkUnavailable": [{ code: "node.excluded.networkUnavailable" }],
  "node.excluded.noLocalEndpoint": [{ code: "node.excluded.noLocalEndpoint" }],
  "node.excluded.advertisement": [{ code: "node.excluded.advertisement", advertisement: name }],
  "peer.excluded.node": [{ code: "peer.excluded.node", peer: "switch" }],
  "peer.excluded.advertisement": [{ code: "peer.excluded.advertisement", peer: "switch", advertisement: name }],
};

const refusal = {
  object: "BGPPeer metallb-system/switch",
  field: "spec.peerASN",
  before: "65210",
  value: "65299",
  node: "node-1",
  peer: "switch",
} as const;

const rollout: Examples<RolloutReason> = {
  "rollout.sessionLost": [
    {
      ...refusal,
      code: "rollout.sessionLost",
      state: "Active",
      lastError: "we sent NOTIFICATION 2/2 (OPEN Message Error, Bad Peer AS)",
    },
  ],
  "rollout.routesLost": [{ ...refusal, code: "rollout.routesLost", announced: 1, expected: 3 }],
};

const endpoint: Examples<EndpointReason> = {
  "endpoint.leftOut.nodeSilent": [{ code: "endpoint.leftOut.nodeSilent", node: "node-2", by: ["node-1", "node-3"] }],
};

const range = "192.0.2.0/24";
const withGateway: Node = {
  ...node("node-1"),
  metadata: { name: "node-1", annotations: { [gatewaysAnnotation]: "192.0.2.254" } },
};

/** A configuration for each thing that can be wrong with one. */
const wrong: { readonly [Code in Fault]: Parameters<typeof source>[0] } = {
  "configuration.field": { peers: [peer("switch", { holdTime: "1s" })] },
  "configuration.range": { pools: [pool(name, ["192.0.2.9-192.0.2.1", "192.0.2.0/33"])] },
  "configuration.overlap": { pools: [pool(name, range), pool("second", "192.0.2.128/25")] },
  "configuration.holdsPeer": {
    pools: [pool(name, range)],
    peers: [peer("switch", { peerAddress: "192.0.2.210" })],
  },
  "configuration.holdsNode": { pools: [pool(name, range)], nodes: [node("node-1", {}, ["192.0.2.11"])] },
  "configuration.holdsGateway": { pools: [pool(name, range)], nodes: [withGateway] },
  "configuration.unknownPool": { advertisements: [advertisement(name, { ipAddressPools: ["gold"] })] },
  "configuration.unknownProfile": { peers: [peer("switch", { bfdProfile: "fast" })] },
  "configuration.unknownPeer": { advertisements: [advertisement(name, { peers: ["router"] })] },
  "configuration.aggregation": {
    pools: [pool(name, range)],
    advertisements: [advertisement(name, { aggregationLength: 16 })],
  },
  "configuration.community": { advertisements: [advertisement(name, { communities: ["65000:70000"] })] },
  "configuration.secret": {
    peers: [peer("switch", { passwordSecret: { name: "bgp" } })],
    secrets: new Map([["bgp", "missing"]]),
  },
  "configuration.both": {
    pools: [pool(name, range)],
    configMap: parsed(ConfigMap, { metadata: { namespace: "metallb-system", name: "config" } }),
  },
};

/** Every reason that a decision can have, with the sentence that people are shown. */
export function reasonsPage(): Page {
  return {
    title: "Reasons",
    body: [
      "Every decision carries its reasons as data: a code, and what it is about. `fairlead explain -o json` shows them so; people are shown these sentences, here with examples filled in. Where one code has several sentences, a field of the reason says which (`why`, or `first` for `allocation.kept`).",
      "## Why a Service has its address, or none",
      tableOf(allocation),
      "## Why a node announces an address to a peer, or does not",
      tableOf(announcement),
      "## Why a change is not in force",
      "Nothing is wrong with it by itself; but a node [tried it](../explanation/rollout.md), lost by it, and took it back. What was kept stays in force everywhere.",
      tableOf(rollout),
      "## Why an endpoint is left out, though Kubernetes calls it ready",
      tableOf(endpoint),
      "## What is wrong with the configuration",
      "Each names the object, the field, the value that is there and what would be right. While there is one, the last good configuration stays in force; with `configuration.secret` all is in force but the peer that names the Secret, which stays as it was.",
      table(
        ["code", "for example"],
        (Object.keys(wrong) as Fault[]).flatMap((fault) => rowsOf(fault, complaintsOf(fault))),
      ),
    ],
  };
}

function tableOf(examples: { readonly [code: string]: readonly Reason[] }): string {
  const rows = Object.entries(examples).flatMap(([each, reasons]) => rowsOf(each, reasons.map(describe)));
  return table(["code", "what it says"], rows);
}

/** A sentence a row, the code beside the first. */
function rowsOf(each: string, sentences: readonly string[]): string[][] {
  return sentences.map((sentence, index) => [index === 0 ? code(each) : "", sentence]);
}

function complaintsOf(fault: Fault): string[] {
  const read = readConfiguration(source(wrong[fault]));
  return read.problems.filter((problem) => problem.code === fault).map(describe);
}
