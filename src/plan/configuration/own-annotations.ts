import type { KubernetesObject } from "../../kubernetes/resources/index.ts";
import type { Complain } from "./complaint.ts";

/** The number that an annotation holds; undefined where there is none, or a wrong one, which is complained of. */
export function numberIn(
  { metadata }: KubernetesObject,
  annotation: string,
  { least, most }: { readonly least: number; readonly most: number },
  complain: Complain,
): number | undefined {
  const text = metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  complain(`metadata.annotations[${annotation}]`, text, `must be a number from ${least} to ${most}`);
  return undefined;
}

/** The word that an annotation holds, as `numberIn`. */
export function wordIn<Word extends string>(
  { metadata }: KubernetesObject,
  annotation: string,
  words: readonly Word[],
  complain: Complain,
): Word | undefined {
  const text = metadata.annotations?.[annotation];
  const word = words.find((each) => each === text);
  if (text !== undefined && word === undefined) {
    complain(`metadata.annotations[${annotation}]`, text, `must be ${words.join(" or ")}`);
  }
  return word;
}
