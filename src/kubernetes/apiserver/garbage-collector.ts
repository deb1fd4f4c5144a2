import type { Kind } from "../resources/index.ts";
import { dropOwner, foregroundDeletion, type Deleter, type DeleteOptions } from "./deleter.ts";
import { sameJson, stringAt } from "./json.ts";
import {
  finalizersOf,
  isTerminating,
  namespaceOf,
  ownersOf,
  parseStored,
  resourceKey,
  uidOf,
  type ApiObject,
} from "./object.ts";
import type { Change, Key, Store, StoredObject, Transaction } from "./store/store.ts";
import { isFinished, put, remove } from "./versions.ts";

const background: DeleteOptions = { dryRun: false, propagation: "Background" };

/**
 * Deletes what nobody owns any more, and empties namespaces that are being deleted: the work of two controllers that
 * Kubernetes runs beside its API server. Each commit is looked at after the fact; what a crash leaves undone is found
 * at the next start.
 */
export class GarbageCollector {
  readonly #store: Store;
  readonly #deleter: Deleter;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #onError: (error: unknown) => void;
  readonly #unsubscribe: () => void;

  constructor(store: Store, deleter: Deleter, kinds: readonly Kind[], onError: (error: unknown) => void) {
    this.#store = store;
    this.#deleter = deleter;
    this.#kinds = new Map(kinds.map((kind) => [resourceKey(kind), kind]));
    this.#onError = onError;
    this.#unsubscribe = store.subscribe((changes) => {
      for (const change of changes) this.#look(change);
    });
    for (const orphan of store.orphans()) this.#write((transaction) => this.#collect(transaction, orphan));
    for (const each of store.list("namespaces")) this.#lookAtNamespace(each);
    for (const key of this.#kinds.keys()) {
      for (const each of store.list(key)) if (each.text.includes(foregroundDeletion)) this.#lookAtOwner(each);
    }
  }

  close(): void {
    this.#unsubscribe();
  }

  #look(change: Change): void {
    if (change.resource === "namespaces") this.#lookAtNamespace(change);
    if (change.type !== "DELETED") {
      if (change.text.includes(foregroundDeletion)) this.#lookAtOwner(change);
      if (change.type === "ADDED" && change.text.includes('"ownerReferences"')) {
        this.#write((transaction) => this.#collect(transaction, change));
      }
      return;
    }
    const gone = parseStored(change.text);
    this.#write((transaction) => {
      for (const each of transaction.ownedBy(uidOf(gone))) this.#collect(transaction, each);
      for (const owner of ownersOf(gone)) {
        const held = transaction.byUid(stringAt(owner, "uid") ?? "");
        if (held !== undefined) this.#finishOwner(transaction, held);
      }
      const key = { resource: "namespaces", namespace: "", name: namespaceOf(gone) };
      if (transaction.get(key) !== undefined) this.#finishNamespace(transaction, key);
    });
  }

  /** An owner that is deleted in the foreground waits for what it owns. */
  #lookAtOwner(owner: StoredObject): void {
    this.#write((transaction) => {
      const object = currentOf(transaction, owner);
      if (object === undefined || !isTerminating(object) || !finalizersOf(object).includes(foregroundDeletion)) return;
      for (const each of transaction.ownedBy(uidOf(object))) this.#delete(transaction, each);
      this.#finishOwner(transaction, owner);
    });
  }

  #finishOwner(transaction: Transaction, owner: Key): void {
    const object = currentOf(transaction, owner);
    if (object === undefined || !isTerminating(object) || !finalizersOf(object).includes(foregroundDeletion)) return;
    if (transaction.ownedBy(uidOf(object)).length > 0) return;
    const before = structuredClone(object);
    object.metadata["finalizers"] = finalizersOf(object).filter((each) => each !== foregroundDeletion);
    if (isFinished(object)) remove(transaction, owner, object);
    else put(transaction, owner, object, before);
  }

  /** Deletes an object all of whose owners are gone; of one that has others left, takes out the references. */
  #collect(transaction: Transaction, at: Key): void {
    const object = currentOf(transaction, at);
    if (object === undefined) return;
    const owners = ownersOf(object).map((each) => stringAt(each, "uid") ?? "");
    const gone = owners.filter((uid) => transaction.byUid(uid) === undefined);
    if (gone.length === 0) return;
    if (gone.length === owners.length) {
      this.#delete(transaction, at);
      return;
    }
    const before = structuredClone(object);
    for (const uid of gone) dropOwner(object, uid);
    put(transaction, at, object, before);
  }

  #lookAtNamespace(stored: StoredObject): void {
    const object = parseStored(stored.text);
    if (!isTerminating(object)) return;
    this.#write((transaction) => {
      for (const [resource, kind] of this.#kinds) {
        if (!kind.namespaced) continue;
        for (const each of transaction.list(resource, object.metadata.name)) this.#delete(transaction, each);
      }
      this.#finishNamespace(transaction, stored);
    });
  }

  #finishNamespace(transaction: Transaction, key: Key): void {
    const object = currentOf(transaction, key);
    if (object === undefined || !isTerminating(object)) return;
    for (const [resource, kind] of this.#kinds) {
      if (kind.namespaced && transaction.list(resource, key.name).length > 0) return;
    }
    const before = structuredClone(object);
    object["spec"] = { finalizers: [] };
    if (isFinished(object)) remove(transaction, key, object);
    else if (!sameJson(object, before)) put(transaction, key, object, before);
  }

  #delete(transaction: Transaction, { resource, namespace, name }: Key): void {
    const kind = this.#kinds.get(resource);
    if (kind !== undefined) this.#deleter.deleteIn(transaction, { kind, namespace, name }, background);
  }

  #write(job: (transaction: Transaction) => void): void {
    this.#store.write(job).catch(this.#onError);
  }
}

function currentOf(transaction: Transaction, key: Key): ApiObject | undefined {
  const stored = transaction.get(key);
  return stored === undefined ? undefined : parseStored(stored.text);
}
