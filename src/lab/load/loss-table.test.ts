import assert from "node:assert/strict";
import { test } from "node:test";
import { lossTable, type Loss } from "./loss-table.ts";

const loss = (windowMs: number, detection = "none"): Loss => ({
  detection,
  externalTrafficPolicy: "Local",
  proxy: "fairlead",
  windowMs,
  sent: 100,
  failed: 2,
});

test("faults of one kind are one row: median, least and most, and all their requests", () => {
  const rows = lossTable([loss(30), loss(900.4), loss(10), loss(5, "50 ms x 3"), loss(20)]);
  assert.deepEqual(rows, [
    {
      detection: "none",
      externalTrafficPolicy: "Local",
      proxy: "fairlead",
      faults: 4,
      medianMs: 25,
      leastMs: 10,
      mostMs: 900,
      sent: 400,
      failed: 8,
    },
    {
      detection: "50 ms x 3",
      externalTrafficPolicy: "Local",
      proxy: "fairlead",
      faults: 1,
      medianMs: 5,
      leastMs: 5,
      mostMs: 5,
      sent: 100,
      failed: 2,
    },
  ]);
});
