import * as z from "zod";

const requirement = z.object({
  key: z.string().min(1),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).optional(),
});

export const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(requirement).optional(),
});
export type LabelSelector = z.infer<typeof labelSelector>;
export type Labels = Readonly<Record<string, string>>;

/** Whether `labels` meet every requirement of `selector`; an empty selector selects everything, as in Kubernetes. */
export function selects(selector: LabelSelector, labels: Labels | undefined): boolean {
  const expressions = selector.matchExpressions ?? [];
  return (
    selectsLabels(selector.matchLabels ?? {}, labels) && expressions.every((each) => meets(each, labels?.[each.key]))
  );
}

/** The older form: a map of labels that must all be there. An empty map selects everything. */
export function selectsLabels(wanted: Labels, labels: Labels | undefined): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

function meets({ operator, values = [] }: z.infer<typeof requirement>, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
