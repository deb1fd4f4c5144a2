import { apiVersionOf, type Kind, type KubernetesObject } from "../resources/index.ts";

type Partly<T> = T extends readonly (infer Item)[]
  ? readonly Partly<Item>[]
  : T extends object
    ? { readonly [Field in keyof T]?: Partly<T[Field]> }
    : T;

/**
 * An object as a caller writes it: a name, and whichever fields it has something to say about. `apiVersion` and `kind`
 * follow from the kind.
 */
export type Written<Value extends KubernetesObject> = Partly<Omit<Value, "apiVersion" | "kind" | "metadata">> & {
  readonly metadata: Partly<Value["metadata"]> & { readonly name: string };
};

export function bodyOf<Value extends KubernetesObject>(kind: Kind<Value>, object: Written<Value>): string {
  return JSON.stringify({ ...(object as object), apiVersion: apiVersionOf(kind), kind: kind.kind });
}
