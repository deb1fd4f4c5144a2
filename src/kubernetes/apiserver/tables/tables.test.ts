import assert from "node:assert/strict";
import { test } from "node:test";
import { EndpointSlice, IPAddressPool, Lease, Pod, Service, type Kind } from "../../resources/index.ts";
import type { JsonObject } from "../json.ts";
import { humanDuration } from "./column.ts";
import { tableText } from "./table.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const durations: readonly (readonly [ms: number, shown: string])[] = [
  [-5 * second, "<invalid>"],
  [0, "0s"],
  [119 * second, "119s"],
  [2 * minute, "2m"],
  [9 * minute + 59 * second, "9m59s"],
  [10 * minute + 5 * second, "10m"],
  [179 * minute, "179m"],
  [3 * hour + 20 * minute, "3h20m"],
  [8 * hour + 20 * minute, "8h"],
  [47 * hour, "47h"],
  [2 * day + 4 * hour, "2d4h"],
  [8 * day + 4 * hour, "8d"],
  [729 * day, "729d"],
  [730 * day, "2y"],
  [731 * day, "2y1d"],
  [9 * 365 * day, "9y"],
];

for (const [ms, shown] of durations) {
  test(`an age of ${ms / second} s is shown as ${shown}`, () => assert.equal(humanDuration(ms), shown));
}

function row(kind: Kind, object: JsonObject): unknown[] {
  const text = JSON.stringify({ metadata: { name: "x" }, ...object });
  const table = tableText(kind, { metadata: {}, texts: [text] }, { include: "None", withColumns: true });
  return (JSON.parse(table) as { rows: { cells: unknown[] }[] }).rows[0]?.cells ?? [];
}

test("a pod's status says why a container waits or ended, and that it is being deleted", () => {
  const shown = (containerStatuses: JsonObject[], metadata: JsonObject = {}) => {
    const [, ready, status, restarts] = row(Pod, {
      metadata: { name: "x", ...metadata },
      spec: { containers: containerStatuses.map((_, index) => ({ name: String(index) })) },
      status: { phase: "Running", containerStatuses },
    });
    return [ready, status, restarts];
  };
  const running = { ready: true, state: { running: {} } };
  assert.deepEqual(shown([running, { state: { waiting: { reason: "CrashLoopBackOff" } }, restartCount: 3 }]), [
    "1/2",
    "CrashLoopBackOff",
    "3",
  ]);
  assert.deepEqual(shown([{ state: { terminated: { exitCode: 2 } } }]), ["0/1", "ExitCode:2", "0"]);
  assert.deepEqual(shown([running], { deletionTimestamp: "2026-01-01T00:00:00Z" }), ["1/1", "Terminating", "0"]);
});

test("a Service shows its addresses, and its ports with their node ports", () => {
  const spec = {
    type: "LoadBalancer",
    clusterIPs: ["10.0.0.1"],
    ports: [
      { port: 80, nodePort: 30_000, protocol: "TCP" },
      { port: 53, protocol: "UDP" },
    ],
  };
  const status = { loadBalancer: { ingress: [{ ip: "172.19.100.1" }, { hostname: "lb" }] } };
  assert.deepEqual(row(Service, { spec, status }).slice(1, 5), [
    "LoadBalancer",
    "10.0.0.1",
    "172.19.100.1,lb",
    "80:30000/TCP,53/UDP",
  ]);
});

test("long lists of endpoints are cut, and counted", () => {
  const endpoints = [1, 2, 3, 4, 5].map((last) => ({ addresses: [`10.0.0.${last}`] }));
  assert.deepEqual(row(EndpointSlice, { addressType: "IPv4", endpoints }).slice(2, 4), [
    "<unset>",
    "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...",
  ]);
});

test("a custom kind shows the columns of its definition, others their name and age", () => {
  assert.deepEqual(row(IPAddressPool, { spec: { addresses: ["10.0.0.0/24"], autoAssign: true } }), [
    "x",
    true,
    null,
    '["10.0.0.0/24"]',
  ]);
  assert.deepEqual(row(Lease, { spec: { holderIdentity: "me" } }), ["x", "me", "<unknown>"]);
});
