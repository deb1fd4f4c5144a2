import type { Affinity, Node } from "../kubernetes/resources/index.ts";

/** On a Node: who announces from it. The chart's DaemonSet asks for it too (charts/fairlead/templates/node.yaml). */
export const announcerLabel = "fairlead.dev/announcer";

/** MetalLB where there is no label. */
export type Announcer = "metallb" | "both" | "none" | "fairlead";

const labelled = ["both", "none", "fairlead"] as const;

export function announcerOf(node: Node): Announcer {
  const label = node.metadata.labels?.[announcerLabel];
  return labelled.find((each) => each === label) ?? "metallb";
}

/** Where the speaker must not be. */
const withoutMetallb = { key: announcerLabel, operator: "NotIn", values: ["none", "fairlead"] };

/** Who is with whom on a node is asked of the label alone, so that `affinity` is of use again without it. */
export function avoidingMoved(affinity: Affinity | undefined): Affinity {
  const before = requiredTerms(withoutLabel(affinity));
  // Terms are alternatives: each must have it.
  const nodeSelectorTerms = (before.length === 0 ? [{}] : before).map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), withoutMetallb],
  }));
  const nodeAffinity = { ...affinity?.nodeAffinity, [required]: { nodeSelectorTerms } };
  return { ...affinity, nodeAffinity };
}

/** Undoes `avoidingMoved`. Undefined where nothing is left. */
export function withoutLabel(affinity: Affinity | undefined): Affinity | undefined {
  const terms = requiredTerms(affinity);
  if (!terms.some(asksLabel)) return affinity;
  const left = terms
    .map(({ matchExpressions = [], ...term }) => {
      const others = matchExpressions.filter(({ key }) => key !== announcerLabel);
      return others.length === 0 ? term : { ...term, matchExpressions: others };
    })
    .filter((term) => Object.keys(term).length > 0);
  const { [required]: _, ...preferred } = affinity?.nodeAffinity ?? {};
  const nodeAffinity = left.length === 0 ? preferred : { ...preferred, [required]: { nodeSelectorTerms: left } };
  const { nodeAffinity: __, ...others } = affinity ?? {};
  const whole = Object.keys(nodeAffinity).length === 0 ? others : { ...others, nodeAffinity };
  return Object.keys(whole).length === 0 ? undefined : whole;
}

export function asksForLabel(affinity: Affinity | undefined): boolean {
  return requiredTerms(affinity).some(asksLabel);
}

const required = "requiredDuringSchedulingIgnoredDuringExecution";

type Term = ReturnType<typeof requiredTerms>[number];

function requiredTerms(affinity: Affinity | undefined) {
  return affinity?.nodeAffinity?.[required]?.nodeSelectorTerms ?? [];
}

function asksLabel({ matchExpressions = [] }: Term): boolean {
  return matchExpressions.some(({ key }) => key === announcerLabel);
}
