import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRouteEvents } from "./route-monitor.ts";

test("what ip monitor prints becomes events with a time in milliseconds", () => {
  const text = [
    "[2026-11-21T10:41:24.919363] local fe80::fd:acff:fe10:64d2 dev office table local proto kernel metric 0 pref medium",
    "[2026-11-21T10:41:24.929472] id 6 dev office scope link proto zebra ",
    "[2026-11-21T10:41:24.947800] 172.19.100.1 nhid 8 via 10.10.2.113 dev data proto bgp metric 20 ",
    "[2026-11-21T10:41:25.235904] 172.19.100.1 nhid 20 proto bgp metric 20 \\\tnexthop via 10.10.2.114 dev data weight 1 \\\tnexthop via 10.10.2.112 dev data weight 1 ",
    "[2026-11-21T10:41:26] Deleted 172.19.100.0/28 via 10.10.2.113 dev data proto bgp metric 20 ",
    "[2026-11-21T10:41:27.5] Deleted default via 10.10.2.210 dev eth0",
    "[2026-11-21T10:41:28.5] 10.0.0.0/8 dev data scope link",
    "[2026-11-21T10:41:29.000001] 172.19.100.1 nhid 12 pro",
  ].join("\n");
  const second = Date.UTC(2026, 10, 21, 10, 41, 0);
  assert.deepEqual(
    parseRouteEvents(text).map((event) => ({ ...event, atMs: Math.round((event.atMs - second) * 1000) / 1000 })),
    [
      { atMs: 24_947.8, change: "set", prefix: "172.19.100.1/32", nextHops: ["10.10.2.113"] },
      { atMs: 25_235.904, change: "set", prefix: "172.19.100.1/32", nextHops: ["10.10.2.112", "10.10.2.114"] },
      { atMs: 26_000, change: "deleted", prefix: "172.19.100.0/28", nextHops: ["10.10.2.113"] },
      { atMs: 27_500, change: "deleted", prefix: "default", nextHops: ["10.10.2.210"] },
      { atMs: 28_500, change: "set", prefix: "10.0.0.0/8", nextHops: [] },
    ],
  );
});
