import { keyOf, type KubernetesObject } from "../resources/index.ts";

/** What an object is found by: every value under which it is filed. */
export type Indexer<Value> = (object: Value) => readonly string[];

/** The objects of one kind as last heard of, by key (`namespace/name`) and by the indexes asked for. */
export interface Cache<Value extends KubernetesObject, IndexName extends string = string> {
  readonly size: number;
  get(key: string): Value | undefined;
  keys(): IterableIterator<string>;
  values(): IterableIterator<Value>;
  /** The objects filed under `value` in an index. */
  by(index: IndexName, value: string): readonly Value[];
}

export class IndexedCache<Value extends KubernetesObject, IndexName extends string = string> implements Cache<
  Value,
  IndexName
> {
  readonly #objects = new Map<string, Value>();
  readonly #indexers: readonly (readonly [IndexName, Indexer<Value>])[];
  readonly #filed = new Map<IndexName, Map<string, Set<string>>>();

  constructor(indexes: Readonly<Record<IndexName, Indexer<Value>>>) {
    this.#indexers = Object.entries(indexes) as [IndexName, Indexer<Value>][];
    for (const [name] of this.#indexers) this.#filed.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Value | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<Value> {
    return this.#objects.values();
  }

  by(index: IndexName, value: string): readonly Value[] {
    const keys = this.#filed.get(index)?.get(value) ?? [];
    return Array.from(keys, (key) => this.#objects.get(key)!);
  }

  /** Returns what was there before. */
  set(object: Value): Value | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old !== undefined) this.#unfile(key, old);
    this.#objects.set(key, object);
    for (const [name, indexer] of this.#indexers) {
      const filed = this.#filed.get(name)!;
      for (const value of indexer(object)) {
        const keys = filed.get(value);
        if (keys === undefined) filed.set(value, new Set([key]));
        else keys.add(key);
      }
    }
    return old;
  }

  /** Returns what was there before. */
  delete(key: string): Value | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#unfile(key, old);
    this.#objects.delete(key);
    return old;
  }

  #unfile(key: string, object: Value): void {
    for (const [name, indexer] of this.#indexers) {
      const filed = this.#filed.get(name)!;
      for (const value of indexer(object)) {
        const keys = filed.get(value);
        keys?.delete(key);
        if (keys?.size === 0) filed.delete(value);
      }
    }
  }
}
