import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "./told.ts";

test("with BFD the switch learns of a node that dies by BFD, without by its hold timer, and what clients lose is measured", async () => {
  const { lossWindows } = await told("loss-windows", "--bfd", "50x3", "--faults", "1");
  const measured = lossWindows?.map((row) => [row.detection, row.externalTrafficPolicy, row.faults]);
  assert.deepEqual(measured, [
    ["without BFD", "Cluster", 1],
    ["without BFD", "Local", 1],
    ["50 ms x 3", "Cluster", 1],
    ["50 ms x 3", "Local", 1],
  ]);
});
