import assert from "node:assert/strict";
import { test } from "node:test";
import type { Affinity } from "../kubernetes/resources/index.ts";
import { asksForLabel, avoidingMoved, withoutLabel } from "./announcer.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const ours = { key: "fairlead.dev/announcer", operator: "NotIn", values: ["none", "fairlead"] };
const linux = { key: "kubernetes.io/os", operator: "In", values: ["linux"] };
const arm = { key: "kubernetes.io/arch", operator: "In", values: ["arm64"] };

function terms(...nodeSelectorTerms: readonly object[]): Affinity {
  return { nodeAffinity: { [required]: { nodeSelectorTerms } } } as Affinity;
}

const cases: readonly { readonly name: string; readonly affinity: Affinity | undefined; readonly moved: Affinity }[] = [
  { name: "no affinity", affinity: undefined, moved: terms({ matchExpressions: [ours] }) },
  {
    name: "terms, which are alternatives",
    affinity: terms({ matchExpressions: [linux] }, { matchExpressions: [arm] }),
    moved: terms({ matchExpressions: [linux, ours] }, { matchExpressions: [arm, ours] }),
  },
  {
    name: "a term by fields",
    affinity: terms({ matchFields: [{ key: "metadata.name", operator: "In", values: ["one"] }] }),
    moved: terms({
      matchFields: [{ key: "metadata.name", operator: "In", values: ["one"] }],
      matchExpressions: [ours],
    }),
  },
  {
    name: "what is only preferred, and pods",
    affinity: { podAntiAffinity: { any: 1 }, nodeAffinity: { preferred: [1] } },
    moved: {
      podAntiAffinity: { any: 1 },
      nodeAffinity: { preferred: [1], [required]: { nodeSelectorTerms: [{ matchExpressions: [ours] }] } },
    },
  },
];

for (const { name, affinity, moved } of cases) {
  test(`a speaker with ${name} avoids nodes that were moved, and is afterwards as it was`, () => {
    assert.deepEqual(avoidingMoved(affinity), moved);
    assert.deepEqual(avoidingMoved(moved), moved);
    assert.equal(asksForLabel(moved), true);
    assert.deepEqual(withoutLabel(moved), affinity);
    assert.equal(asksForLabel(affinity), false);
  });
}
