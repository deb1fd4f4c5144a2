import { keyOf, type KubernetesObject } from "../resources/index.ts";

/**
 * What is different from when the handler was last told, not how it came about: an object that came and went in between
 * is not mentioned, and of several updates there is one, from the first's old to the last's new. One that was deleted
 * and made again under its name (another UID) is deleted and added.
 */
export interface Changes<Value extends KubernetesObject> {
  readonly deleted: readonly Value[];
  readonly added: readonly Value[];
  readonly updated: readonly { readonly old: Value; readonly new: Value }[];
}

/** Gathers changes between one delivery and the next. */
export class ChangeCollector<Value extends KubernetesObject> {
  /** What the handler believes each changed key to be. */
  #believed = new Map<string, Value | undefined>();

  get isEmpty(): boolean {
    return this.#believed.size === 0;
  }

  /** To be told of every change of the cache: the object before and after it. */
  note(old: Value | undefined, object: Value | undefined): void {
    const key = keyOf((object ?? old)!);
    if (!this.#believed.has(key)) this.#believed.set(key, old);
  }

  /** The net changes since the last call, or undefined if they cancel out. */
  take(current: (key: string) => Value | undefined): Changes<Value> | undefined {
    const deleted: Value[] = [];
    const added: Value[] = [];
    const updated: { old: Value; new: Value }[] = [];
    for (const [key, old] of this.#believed) {
      const now = current(key);
      if (old === now) continue;
      if (old !== undefined && now !== undefined && old.metadata.uid === now.metadata.uid) {
        updated.push({ old, new: now });
        continue;
      }
      if (old !== undefined) deleted.push(old);
      if (now !== undefined) added.push(now);
    }
    this.#believed = new Map();
    return deleted.length + added.length + updated.length === 0 ? undefined : { deleted, added, updated };
  }
}
