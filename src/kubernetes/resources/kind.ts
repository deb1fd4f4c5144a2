import type * as z from "zod";
import type { ObjectMeta } from "./metadata.ts";

/** What every object of Kubernetes has, whatever its kind. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A column that `kubectl get` shows, its value read by a path of plain property names (`.spec.addresses`). */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  readonly wide?: boolean;
}

/**
 * One kind of the API: the one source of its type, its defaults, its validation, its paths and, for the kinds that
 * Fairlead brings along, its CustomResourceDefinition.
 */
export interface Kind<Value extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly statusSubresource: boolean;
  readonly columns: readonly PrinterColumn[];
  /** True for kinds that are custom resources, that is, not built into a Kubernetes API server. */
  readonly custom: boolean;
  readonly description: string;
  /** Parses an object as a user writes it into one with its defaults; fields that it does not know are dropped. */
  readonly schema: z.ZodType<Value>;
}

/** The object type of a kind: `ObjectOf<typeof Service>`. */
export type ObjectOf<K> = K extends Kind<infer Value> ? Value : never;

interface KindOptions {
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  readonly plural?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced?: boolean;
  readonly statusSubresource?: boolean;
  readonly columns?: readonly PrinterColumn[];
  readonly custom?: boolean;
  readonly description: string;
}

/** Fills in what follows from the rest: the plural is the kind's name in lower case and an `s`. */
export function defineKind<Schema extends z.ZodType<KubernetesObject>>(
  options: KindOptions,
  schema: Schema,
): Kind<z.infer<Schema>> {
  const singular = options.kind.toLowerCase();
  return {
    group: "",
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    namespaced: true,
    statusSubresource: false,
    columns: [],
    custom: false,
    ...options,
    // A schema of a subtype of KubernetesObject infers that subtype; the compiler cannot see it through `infer`.
    schema: schema as unknown as z.ZodType<z.infer<Schema>>,
  };
}

export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** The path of a collection, or of one object in it, on an API server. */
export function pathOf(
  kind: Pick<Kind, "group" | "version" | "plural" | "namespaced">,
  at: { readonly namespace?: string | undefined; readonly name?: string } = {},
): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && at.namespace !== undefined ? `/namespaces/${encodeURIComponent(at.namespace)}` : "";
  const name = at.name === undefined ? "" : `/${encodeURIComponent(at.name)}`;
  return `${root}${scope}/${kind.plural}${name}`;
}

/** `namespace/name`, or the name alone for kinds without namespaces: how users call an object. */
export function keyOf(object: { readonly metadata: Pick<ObjectMeta, "name" | "namespace"> }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
