import { describe, plan, type Plan } from "../plan/index.ts";
import type { WholeSnapshot } from "../snapshot/index.ts";

/** How far a change to the configuration has come. */
export interface RolloutView {
  readonly kept: string;
  /** What is written and tried, and on which nodes. */
  readonly tried: { readonly revision: string; readonly nodes: readonly string[] } | undefined;
  readonly refused:
    | { readonly revision: string; readonly node: string; readonly changes: readonly string[] }
    | undefined;
}

export function rolloutView({ rollout, refused: changes }: WholeSnapshot): RolloutView | undefined {
  if (rollout === undefined) return undefined;
  const { kept, candidate, refused } = rollout.spec;
  return {
    kept: kept.revision,
    tried: candidate && { revision: candidate.revision, nodes: candidate.permits.map((permit) => permit.node) },
    refused: refused && { revision: refused.revision, node: refused.node, changes: changes.map(describe) },
  };
}

/** Said where there is more to say than that all that is written is kept. */
export function renderRollout(view: RolloutView | undefined): readonly string[] {
  const { kept, tried, refused } = view ?? {};
  if (tried === undefined && refused === undefined) return [];
  const lines = [`Configuration: revision ${kept} is kept`];
  if (tried !== undefined) lines.push(`revision ${tried.revision} is tried on ${tried.nodes.join(", ")}`);
  if (refused !== undefined)
    lines.push(`revision ${refused.revision} is refused: node ${refused.node} tried it and took it back`);
  return [[lines.join("; "), ...(refused?.changes ?? []).map((change) => `  ${change}`)].join("\n")];
}

/** The plan by which each node goes: that of what is kept, or of what it tries. */
export function plansByNode(whole: WholeSnapshot): { readonly kept: Plan; readonly of: (node: string) => Plan } {
  const kept = plan(whole.snapshot);
  const { read, writtenRevision } = whole;
  const isTried = (node: string) =>
    writtenRevision !== whole.rollout?.spec.kept.revision &&
    writtenRevision !== undefined &&
    whole.reports.get(node)?.status?.revision === writtenRevision;
  const written =
    read.ok && whole.nodes.some(({ metadata }) => isTried(metadata.name))
      ? plan({ ...whole.snapshot, configuration: read.configuration })
      : kept;
  return { kept, of: (node) => (isTried(node) ? written : kept) };
}

/** Which configuration a node says that it uses, where that is to be told. */
export function inForceOn(whole: WholeSnapshot, node: string): string | undefined {
  const revision = whole.reports.get(node)?.status?.revision;
  if (revision === undefined || whole.rollout === undefined) return undefined;
  const { kept, candidate, refused } = whole.rollout.spec;
  if (revision !== kept.revision) return `revision ${revision}, on trial`;
  if (candidate !== undefined) return `revision ${revision}, which is kept, while ${candidate.revision} is tried`;
  if (refused !== undefined) return `revision ${revision}, which is kept, for ${refused.revision} is refused`;
  return undefined;
}
