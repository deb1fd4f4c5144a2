import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../bench/metallb/comparison.ts";
import type { Figure } from "../../bench/metallb/figure.ts";

test("what was measured of each stands together, with what it is to the others' in the same run", () => {
  const figure = (what: string, unit: string, name: Figure["name"], value: number): Figure => ({
    group: "cost",
    what,
    unit,
    name,
    value,
  });
  const measurements = compare([
    figure("processor", "ms", "bare writes", 10),
    figure("memory", "MiB", "MetalLB", 50),
    figure("processor", "ms", "MetalLB", 30),
    figure("processor", "ms", "Fairlead", 15),
  ]);
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
