import assert from "node:assert/strict";
import { test } from "node:test";
import { Comparison } from "../../bench/metallb/comparison.ts";

test("what was measured of each stands together, with what it is to the others' in the same run", () => {
  const comparison = new Comparison();
  comparison.add("processor", "ms", "bare writes", 10);
  comparison.add("memory", "MiB", "MetalLB", 50);
  comparison.add("processor", "ms", "MetalLB", 30);
  comparison.add("processor", "ms", "Fairlead", 15);
  const { measurements } = comparison.table("costs");
  assert.deepEqual(
    measurements.map(({ name, runs }) => `${name} ${runs.join()}`),
    [
      "processor: bare writes 10",
      "processor: MetalLB 30",
      "processor: Fairlead 15",
      "processor: Fairlead to the bare writes 1.5",
      "processor: Fairlead to MetalLB 0.5",
      "processor: Fairlead to MetalLB, beyond the bare writes 0.25",
      "memory: MetalLB 50",
    ],
  );
});
